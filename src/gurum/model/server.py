"""Server: the noun everything else serves."""

from __future__ import annotations

import msgspec

from gurum.model.base import External, Resource, Spec, Status

# In the request of an intent, where the text of the server's user data goes when it is sent: an intent stands in the
# status, which more people may read than what a server was given to start with. No base64 looks like it.
USER_DATA = "$user_data"


class ServerFlavor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The flavor as it was when the server was made: a later change of the flavor does not change the server."""

    id: str
    name: str
    vcpus: int
    ram: int
    disk: int
    ephemeral: int = 0
    swap: int = 0
    extra_specs: dict[str, str] = msgspec.field(default_factory=dict)


class ServerKey(msgspec.Struct, frozen=True, kw_only=True):
    """The key pair as it was: it may be deleted while the server lives."""

    name: str
    public_key: str
    fingerprint: str
    type: str = "ssh"


class NetworkRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One interface asked for: a network (with an address, perhaps) or a port of the user's."""

    network_id: str = ""
    port_id: str = ""
    fixed_ip: str = ""
    tag: str = ""


class Action(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An imperative verb, recorded. Worked off in the order of `number`; what os-instance-actions shows."""

    number: int  # 1, 2, 3, ... within the server
    action: str  # Nova's word: create, start, stop, reboot, attach_interface, detach_interface, delete
    request_id: str
    user_id: str
    project_id: str
    start_time: float
    arguments: dict[str, str] = msgspec.field(default_factory=dict)


class ActionOutcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the action of that number ended (finish None: it is under way). `event` is Nova's event name."""

    number: int
    event: str
    start_time: float
    finish_time: float | None = None
    result: str = ""  # "Success" | "Error"
    details: str = ""
    cloud_request_id: str = ""


class ActionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An action and how it ended, as the journal keeps it for good (type "action")."""

    action: Action
    outcome: ActionOutcome | None


class ServerSpec(Spec, kw_only=True, omit_defaults=True):
    """What was asked for. `availability_zone` is the user's word, empty when none was named.

    `group` is the id of the server group that it was made in; the group may be deleted before it.
    `user_data_secret` names what keeps the user data where the store keeps it apart (`gurum.store.contract.Sealing`);
    `user_data` is empty then.
    """

    name: str
    user_id: str
    flavor: ServerFlavor
    image_id: str = ""
    image_cloud_id: str = ""
    key: ServerKey | None = None
    networks: list[NetworkRequest] = msgspec.field(default_factory=list)
    security_groups: list[str] = msgspec.field(default_factory=list)  # ids
    availability_zone: str = ""
    group: str = ""
    user_data: str = ""  # base64 as it came
    user_data_secret: str = ""
    config_drive: bool = False
    metadata: dict[str, str] = msgspec.field(default_factory=dict)
    tags: list[str] = msgspec.field(default_factory=list)
    description: str | None = None
    hostname: str = ""
    disk_config: str = "MANUAL"
    access_ipv4: str = ""
    access_ipv6: str = ""
    reservation_id: str = ""
    launch_index: int = 0
    locked: bool = False
    locked_reason: str | None = None
    trusted_image_certificates: list[str] | None = None
    actions: list[Action] = msgspec.field(default_factory=list)  # the last twenty; the journal has the rest


class Fault(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Nova's fault. The message is the condition's: what went wrong, what it waits for, until when."""

    code: int
    message: str
    created: float
    details: str = ""


class Address(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An address as the server's user sees it."""

    network: str  # the network's name
    addr: str
    mac: str
    port_id: str
    version: int = 4
    type: str = "fixed"


class ServerStatus(Status, kw_only=True, omit_defaults=True):
    """What was observed.

    vm_state: building, active, stopped, error, deleted. task_state: what the controller is at now (Nova's words), None
    at rest. `done` is the number of the last action worked off: a larger number in spec.actions is still to do.
    `attempt` counts RunInstances attempts, each in its own zone with its own claims; `zones_failed` are zone ids that
    had no capacity in this round of attempts.
    """

    vm_state: str = "building"
    task_state: str | None = "scheduling"
    power_state: int = 0
    zone: str = ""  # zone id, once placed
    availability_zone: str = ""  # its name
    attempt: int = 0
    zones_failed: list[str] = msgspec.field(default_factory=list)
    external: External | None = None
    addresses: list[Address] = msgspec.field(default_factory=list)
    security_groups: list[str] = msgspec.field(default_factory=list)  # names, as the user sees them
    launched_at: float | None = None
    terminated_at: float | None = None
    fault: Fault | None = None
    progress: int = 0
    done: int = 0
    outcomes: list[ActionOutcome] = msgspec.field(default_factory=list)
    boot_time: str = ""  # the cloud's launch time of the running instance, to see that a reboot happened


class Server(Resource, kw_only=True):
    """A server."""

    kind = "Server"
    spec: ServerSpec
    status: ServerStatus = msgspec.field(default_factory=ServerStatus)


class ConsoleLogSpec(msgspec.Struct, kw_only=True, omit_defaults=True):
    """When somebody last asked (seconds since the epoch): the engine fetches no console that nobody reads."""

    asked_at: float = 0.0


class ConsoleLogStatus(Status, kw_only=True, omit_defaults=True):
    """The console's text (at most 64 KiB) as of `fetched_at`."""

    text: str = ""
    fetched_at: float = 0.0


class ConsoleLog(Resource, kw_only=True):
    """A server's console output, kept because the API answers from the store. Its key is the server's id."""

    kind = "ConsoleLog"
    spec: ConsoleLogSpec
    status: ConsoleLogStatus = msgspec.field(default_factory=ConsoleLogStatus)
