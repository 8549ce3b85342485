"""Rows of compute: instance, key pair and placement group."""

import msgspec

from aws_emulator.state.resource import Resource

# Instance states with the code that EC2 sends beside the name.
STATE_CODES = {
    "pending": 0,
    "running": 16,
    "shutting-down": 32,
    "terminated": 48,
    "stopping": 64,
    "stopped": 80,
}


class Instance(Resource, kw_only=True, gc=False):
    """An instance; its interfaces and volumes point to it, not it to them."""

    state: str
    image_id: str
    instance_type: str
    architecture: str
    vpc_id: str
    subnet_id: str
    zone: str
    zone_id: str
    reservation_id: str
    launch_index: int
    launched_at: float
    root_device: str
    key_name: str = ""
    client_token: str = ""
    user_data: str = ""
    metadata_options: dict[str, str | int] = msgspec.field(default_factory=dict)
    tenancy: str = "default"
    placement_group: str = ""  # its name
    monitoring: bool = False
    ebs_optimized: bool = False
    hibernation: bool = False
    api_termination_disabled: bool = False
    api_stop_disabled: bool = False
    shutdown_behavior: str = "stop"
    booted_at: float = 0.0
    reason_code: str = ""
    reason_text: str = ""
    transition_reason: str = ""
    last_private_ip: str = ""
    launch_fails: bool = False
    forgotten: bool = False

    @property
    def live(self) -> bool:
        """Tell whether it is pending or running: what quotas and capacity count."""
        return self.state in ("pending", "running")

    @property
    def gone(self) -> bool:
        """Tell whether it is on the way out or out."""
        return self.state in ("shutting-down", "terminated")


class KeyPair(Resource, kw_only=True, gc=False):
    """An imported public key."""

    name: str
    fingerprint: str
    key_type: str
    public_key: str


class PlacementGroup(Resource, kw_only=True, gc=False):
    """How instances are placed to each other: cluster, spread or partition."""

    name: str
    strategy: str
    partitions: int = 0
    spread_level: str = ""
