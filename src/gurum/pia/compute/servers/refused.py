"""The verbs that Nova has and this region has not, as a table: refused, never accepted and then forgotten.

A refusal comes where Nova's own would come: first the body is checked, then that there is such a server and that the
caller may, then the lock and the state, and only who is left reads that the verb is not supported. `why` goes into
docs/limits.md.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from gurum.model.compute import Flavor
from gurum.model.image import Image
from gurum.model.server import Server
from gurum.pia.compute import fields as f
from gurum.pia.compute.flavors import view as flavors
from gurum.pia.compute.servers import boot, change, find, schemas
from gurum.pia.compute.servers.actions import PATH, When, check_state
from gurum.pia.compute.servers.find import state_of
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.errors import ApiError, bad_request
from gurum.pia.kernel.route import Handler, Route
from gurum.pia.kernel.schema import Versions
from gurum.pia.kernel.wire import Response

NOT_SUPPORTED = "The requested functionality is not supported."

NOT_YET = "not built in this release"
NO_PAUSE = "EC2 cannot pause an instance"
NO_SUSPEND = "EC2 hibernates only what was launched for it"
NO_HOSTS = "a cloud does not show its hosts"
NO_AGENT = "nothing inside the server can be reached"
NO_ADDRESSES = "an interface's addresses are fixed with it"
NO_FLOATING = "floating addresses are associated by the network API"


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """A verb: the body's key, its action in policy, what the body must be, the states Nova does it in, and why not.

    `check` refuses what Nova would refuse once the state is right.
    """

    action: str
    policy: str
    why: str
    body: Versions | None = None
    when: When = When((), (), launched=False)
    since: int = 1
    until: int = 9999
    check: Callable[[Context, Server], None] | None = None


def not_supported() -> ApiError:
    """Return Nova's refusal of what a cloud cannot do."""
    return ApiError(501, NOT_SUPPORTED)


def _body(action: str, document: f.Doc) -> Versions:
    return f.versions((1, f.wrapped(action, document)))


_TEXT: f.Doc = {"type": "string", "minLength": 1, "maxLength": 255}


def _rebuild(version: int) -> f.Doc:
    document: f.Doc = {
        "name": f.NAME,
        "imageRef": f.UUID,
        "adminPass": f.STRING,
        "metadata": f.METADATA,
        "preserve_ephemeral": f.BOOLEAN,
        "OS-DCF:diskConfig": schemas.DISK_CONFIG,
        "accessIPv4": schemas.ACCESS_4,
        "accessIPv6": schemas.ACCESS_6,
        "personality": schemas.PERSONALITY,
    }
    if version >= 57:
        del document["personality"]
        document["user_data"] = {"oneOf": [schemas.USER_DATA, {"type": "null"}]}
    added: dict[int, f.Doc] = {
        19: {"description": f.DESCRIPTION},
        54: {"key_name": {"oneOf": [f.NAME, {"type": "null"}]}},
        63: {"trusted_image_certificates": schemas.CERTIFICATES},
        90: {"hostname": schemas.HOSTNAME},
        94: {"hostname": schemas.FQDN},
    }
    for first, properties in added.items():
        if version >= first:
            document |= properties
    return f.wrapped("rebuild", f.obj(document, ["imageRef"]))


_RESIZE = f.obj({"flavorRef": schemas.FLAVOR_REF, "OS-DCF:diskConfig": schemas.DISK_CONFIG}, ["flavorRef"])
_IMAGE = f.obj({"name": f.NAME, "metadata": f.METADATA}, ["name"])
_ROTATION: f.Doc = {"type": ["integer", "string"], "pattern": "^[0-9]*$", "minimum": 0, "minLength": 1}
_BACKUP = f.obj(
    {"name": f.NAME, "backup_type": f.STRING, "rotation": _ROTATION, "metadata": f.METADATA},
    ["name", "backup_type", "rotation"],
)
_NULL: f.Doc = {"type": "null"}
_RESCUE: f.Doc = {
    "type": ["object", "null"],
    "properties": {"adminPass": f.STRING, "rescue_image_ref": f.UUID},
    "additionalProperties": False,
}
_UNSHELVE: f.Doc = {
    "type": ["object", "null"],
    "properties": {"availability_zone": f.STRING},
    "additionalProperties": False,
}
_UNSHELVE_91: f.Doc = {
    "type": ["object", "null"],
    "properties": {"availability_zone": {"oneOf": [f.STRING, _NULL]}, "host": f.STRING},
    "additionalProperties": False,
}
_LIVE = f.obj({"host": {"type": ["string", "null"]}, "block_migration": {"type": ["boolean", "string"]},
               "disk_over_commit": f.BOOLEAN}, ["block_migration", "disk_over_commit", "host"])  # fmt: skip
_LIVE_25 = f.obj({"host": {"type": ["string", "null"]}, "block_migration": {"type": ["boolean", "string"]}},
                 ["block_migration", "host"])  # fmt: skip
_LIVE_30 = f.obj({"host": {"type": ["string", "null"]}, "block_migration": {"type": ["boolean", "string"]},
                  "force": f.BOOLEAN}, ["block_migration", "host"])  # fmt: skip
_HOST: f.Doc = {"type": ["object", "null"], "properties": {"host": schemas.HOST}, "additionalProperties": False}
_ADDRESS = f.obj({"address": f.IP_ADDRESS, "fixed_address": f.IP_ADDRESS}, ["address"])

RUNNING, RESTING = When(("active",)), When(("active", "stopped"))
SNAPSHOT = When(("active", "stopped", "paused", "suspended"), (None,), launched=False)


def _check_resize(ctx: Context, server: Server) -> None:
    ref = str(ctx.body["resize"]["flavorRef"])
    flavor = flavors.seen(ctx, ref)
    if flavor is None or flavor.spec.disabled:
        raise bad_request(f"Flavor {ref} could not be found.")
    if not flavor.spec.disk and server.spec.flavor.disk:
        raise bad_request("Server disk was unable to be resized because: Resize to zero disk flavor is not allowed.")
    if flavor.spec.flavorid == server.spec.flavor.id:
        raise bad_request("When resizing, instances must change flavor!")


def _check_rebuild(ctx: Context, server: Server) -> None:
    if boot.image_seen(ctx, ctx.body["rebuild"]["imageRef"]) is None:
        raise bad_request("Cannot find image for rebuild")


TABLE = (
    Refused(action="pause", policy="pause", why=NO_PAUSE, when=RUNNING),
    Refused(action="unpause", policy="unpause", why=NO_PAUSE, when=When(("paused",))),
    Refused(action="suspend", policy="suspend", why=NO_SUSPEND, when=RUNNING),
    Refused(action="resume", policy="resume", why=NO_SUSPEND, when=When(("suspended",))),
    Refused(
        action="resize",
        policy="resize",
        why=NOT_YET,
        body=_body("resize", _RESIZE),
        when=RESTING,
        check=_check_resize,
    ),
    Refused(action="confirmResize", policy="confirm_resize", why=NOT_YET, when=When(("resized",))),
    Refused(action="revertResize", policy="revert_resize", why=NOT_YET, when=When(("resized",))),
    Refused(
        action="rebuild",
        policy="rebuild",
        why=NOT_YET,
        body=f.versions(*((v, _rebuild(v)) for v in (1, 19, 54, 57, 63, 90, 94))),
        when=When(("active", "stopped", "error"), (None,), launched=False),
        check=_check_rebuild,
    ),
    Refused(
        action="rescue",
        policy="rescue",
        why=NOT_YET,
        body=_body("rescue", _RESCUE),
        when=When(("active", "stopped", "error")),
    ),
    Refused(action="unrescue", policy="unrescue", why=NOT_YET, when=When(("rescued",))),
    Refused(action="shelve", policy="shelve", why=NOT_YET, when=When(("active", "stopped", "paused", "suspended"))),
    Refused(action="shelveOffload", policy="shelve_offload", why=NOT_YET, when=When(("shelved",))),
    Refused(
        action="unshelve",
        policy="unshelve",
        why=NOT_YET,
        body=f.versions((1, None), (77, f.wrapped("unshelve", _UNSHELVE)), (91, f.wrapped("unshelve", _UNSHELVE_91))),
        when=When(("shelved", "shelved_offloaded")),
    ),
    Refused(
        action="createImage",
        policy="create_image",
        why=NOT_YET,
        body=_body("createImage", _IMAGE),
        when=SNAPSHOT,
    ),
    Refused(
        action="createBackup",
        policy="create_backup",
        why=NOT_YET,
        body=_body("createBackup", _BACKUP),
        when=SNAPSHOT,
    ),
    Refused(
        action="changePassword",
        policy="change_password",
        why=NO_AGENT,
        body=_body("changePassword", f.obj({"adminPass": f.STRING}, ["adminPass"])),
        when=RUNNING,
    ),
    Refused(
        action="trigger_crash_dump",
        policy="trigger_crash_dump",
        why=NO_AGENT,
        body=_body("trigger_crash_dump", _NULL),
        when=When(("active", "paused", "rescued", "resized", "error")),
        since=17,
    ),
    Refused(
        action="restore",
        policy="restore",
        why="a deleted server is gone at once",
        when=When(("soft-delete",), (None,), launched=False),
    ),
    Refused(
        action="addFloatingIp",
        policy="add_floating_ip",
        why=NO_FLOATING,
        body=_body("addFloatingIp", _ADDRESS),
        until=43,
    ),
    Refused(
        action="removeFloatingIp",
        policy="remove_floating_ip",
        why=NO_FLOATING,
        body=_body("removeFloatingIp", f.obj({"address": f.IP_ADDRESS}, ["address"])),
        until=43,
    ),
    Refused(
        action="addFixedIp",
        policy="add_fixed_ip",
        why=NO_ADDRESSES,
        body=_body("addFixedIp", f.obj({"networkId": {"type": ["string", "number"], "minLength": 1}}, ["networkId"])),
        until=43,
    ),
    Refused(
        action="removeFixedIp",
        policy="remove_fixed_ip",
        why=NO_ADDRESSES,
        body=_body("removeFixedIp", f.obj({"address": f.IP_ADDRESS}, ["address"])),
        until=43,
    ),
    Refused(
        action="migrate",
        policy="migrate",
        why=NO_HOSTS,
        body=f.versions((1, None), (56, f.wrapped("migrate", _HOST))),
        when=RESTING,
    ),
    Refused(
        action="os-migrateLive",
        policy="migrate_live",
        why=NO_HOSTS,
        body=f.versions(
            (1, f.wrapped("os-migrateLive", _LIVE)),
            (25, f.wrapped("os-migrateLive", _LIVE_25)),
            (30, f.wrapped("os-migrateLive", _LIVE_30)),
            (68, f.wrapped("os-migrateLive", _LIVE_25)),
        ),
        when=When(("active", "paused")),
    ),
    Refused(action="evacuate", policy="evacuate", why=NO_HOSTS, when=When(("active", "stopped", "error"))),
    Refused(
        action="os-resetState",
        policy="reset_state",
        why="the state of a server is what its cloud says",
        body=_body("os-resetState", f.obj({"state": {"type": "string", "enum": ["active", "error"]}}, ["state"])),
    ),
    Refused(action="injectNetworkInfo", policy="inject_network_info", why=NO_AGENT),
)


def _handler(row: Refused) -> Handler:
    async def handler(ctx: Context) -> Response:
        server = ctx.found(Server)
        if row.when.vm_states:
            change.check_lock(ctx, server)
            check_state(row.action, server, state_of(ctx, server), row.when)
        if row.check is not None:
            row.check(ctx, server)
        raise not_supported()

    return handler


def route(row: Refused) -> Route:
    """Return the row of the service's table."""
    return Route(
        method="POST",
        path=PATH,
        action=row.action,
        handler=_handler(row),
        since=row.since,
        until=row.until,
        body=row.body,
        policy=f"compute:servers:{row.policy}",
        find=find.find,
        reads=(Server, Flavor, Image),
        status=501,
        shape="action",
        summary=f"Refused: {row.why}",
    )


ROUTES = tuple(route(row) for row in TABLE)
