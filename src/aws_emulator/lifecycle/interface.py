"""Interfaces that are attached and let go."""

from aws_emulator.context import Context
from aws_emulator.state.compute import Instance
from aws_emulator.state.network import InterfaceAttachment, NetworkInterface


def attach_interface(
    call: Context,
    row: NetworkInterface,
    instance: Instance,
    index: int,
    *,
    delete_on_termination: bool,
) -> InterfaceAttachment:
    """Begin to attach; the caller checks first and saves (or creates) after."""
    row.attachment = InterfaceAttachment(
        id=call.new_id("eni-attach"),
        instance_id=instance.id,
        device_index=index,
        status="attaching",
        attached_at=call.now,
        delete_on_termination=delete_on_termination,
    )
    wait = call.config.durations.interface_attaching
    call.later(call.region.interfaces, row, "attached", wait)
    return row.attachment


def settle_public_ip(call: Context, row: NetworkInterface, *, anew: bool = False) -> None:
    """Give or take the public address that comes by itself, as the interface stands now; the caller saves.

    Only the primary interface of an instance that runs (or is about to) has one, and not while an Elastic IP address
    leads to it. One that was lost comes anew only if the instance has no other interface (EC2 User Guide, "Instance IP
    addressing").
    """
    held = row.attachment
    instance = call.region.instances.get(held.instance_id) if held else None
    elastic = any(each.private_ip == row.addresses[0] for each in call.region.addresses.by("interface", row.id))
    runs = instance is not None and instance.state in ("pending", "running")
    if held is None or held.device_index or not runs or elastic or not row.public:
        row.auto_public_ip = ""
    elif not row.auto_public_ip and not (anew and len(call.region.interfaces.ids("instance", held.instance_id)) > 1):
        row.auto_public_ip = call.next_public_ip()


def let_go(call: Context, row: NetworkInterface) -> None:
    """The instance is gone: delete the interface or make it available."""
    if row.attachment and row.attachment.delete_on_termination:
        remove_interface(call, row)
    else:
        free(call, row)


def free(call: Context, row: NetworkInterface) -> None:
    """The attachment is over."""
    row.attachment = None
    row.auto_public_ip = ""
    row.timers.pop("attached", None)
    row.timers.pop("detached", None)
    call.save(call.region.interfaces, row)


def remove_interface(call: Context, row: NetworkInterface) -> None:
    """Remove an interface; its Elastic IP addresses are free again, its routes lead nowhere."""
    for address in call.region.addresses.by("interface", row.id):
        address.association_id = address.interface_id = address.private_ip = ""
        call.save(call.region.addresses, address)
    call.delete(call.region.interfaces, row.id)


def attached(call: Context, row: NetworkInterface) -> None:
    """Attaching becomes attached."""
    if row.attachment:
        row.attachment.status = "attached"
        call.save(call.region.interfaces, row)


TIMERS = {"attached": attached, "detached": free}
