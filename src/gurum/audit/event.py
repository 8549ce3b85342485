"""The form of an event: CADF's (DSP0262), with every field named here, so that nothing else can be recorded.

Free text, names, paths and bodies have no field. What identifies is an id; an id that does not look like one (a foreign
directory may call people whatever it likes) is recorded as its digest, so that neither a line end nor an escape
sequence reaches a terminal.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime

import msgspec

TYPE = "http://schemas.dmtf.org/cloud/audit/1.0/event"
LINKS = "gurum/links"  # type of our one attachment
ACTIVITY, CONTROL = "activity", "control"
SUCCESS, FAILURE, PENDING, UNKNOWN = "success", "failure", "pending", "unknown"
_ID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.:/@=+,-]{0,127}\Z")
MOST_OBJECTS = 200  # of one event; a request that makes more has several


class _Form(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, rename="camel"):
    """Base of all forms: what is not named is refused, also when it is read back."""


class Party(_Form, frozen=True):
    """CADF's resource: who, upon what, seen by whom."""

    id: str
    type_uri: str = msgspec.field(name="typeURI")
    project: str = ""


class Reason(_Form, frozen=True):
    """Why it came out as it did: the status of HTTP or a cloud's code, and the rule that let or refused it."""

    reason_type: str = ""  # HTTP, AWS
    reason_code: str = ""
    policy_type: str = ""  # rego@<revision of the bundle>
    policy_id: str = ""  # the rule


class Made(_Form, frozen=True):
    """One generation of an object that a request wrote; 0: its deletion was asked for."""

    kind: str
    id: str
    generation: int = 0


class Torn(_Form, frozen=True):
    """Bytes behind the last whole event of a file: what a killed writer, or a full disk, left of the next one."""

    segment: int
    bytes: int
    sha256: str


class Links(_Form, frozen=True):
    """What ties the events of one deed together, from a person's sign-in to the cloud's own log.

    sign_in, token: Keystone's audit ids, the chain's first and the token's own. request: ours. decision: the policy's.
    call: of one call to a cloud, before and after it. session, access_key: as the cloud knows who called.
    aws_request: the id that CloudTrail has. things: the cloud's ids of what a call names, or made. count: how many
    events this one stands for, if more than one.
    previous_*: of the first event of a file, where the chain goes on from; torn: what was found behind that.
    """

    sign_in: str = ""
    token: str = ""
    methods: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()  # by name, as the policy is written
    identity_provider: str = ""
    credential: str = ""  # of an application credential, its id
    request: str = ""
    global_request: str = ""
    decision: str = ""
    service: str = ""
    region: str = ""
    verb: str = ""  # what was asked in the words of the policy table
    objects: tuple[Made, ...] = ()
    call: str = ""
    account: str = ""
    session: str = ""
    access_key: str = ""
    aws_request: str = ""
    things: tuple[str, ...] = ()
    count: int = 0
    previous_segment: int = 0
    previous_hash: str = ""
    abandoned: str = ""  # the chain that this one goes on for, because it is not what was anchored
    torn: tuple[Torn, ...] = ()


class Attachment(_Form, frozen=True):
    """CADF's place for what it has no word for."""

    content: Links
    name: str = "links"
    type_uri: str = msgspec.field(name="typeURI", default=LINKS)


class Event(_Form, frozen=True):
    """One thing that happened, or is about to (`outcome` pending).

    id: `<writer>/<number>`, given by the writer. event_time: UTC, as the writer's clock had it; the order is the
    number's.
    """

    action: str
    outcome: str
    initiator: Party
    target: Party
    observer: Party
    event_time: str
    id: str = ""
    event_type: str = ACTIVITY
    reason: Reason | None = None
    attachments: tuple[Attachment, ...] = ()
    type_uri: str = msgspec.field(name="typeURI", default=TYPE)

    @property
    def links(self) -> Links:
        """What ties it to others."""
        return self.attachments[0].content if self.attachments else _NO_LINKS


_NO_LINKS = Links()
encode = msgspec.json.Encoder(order="sorted").encode
decode = msgspec.json.Decoder(Event).decode


def opaque(text: str | None) -> str:
    """Return an id as it may be recorded: itself, or a digest of what is none."""
    if not text:
        return ""
    if _ID.match(text):
        return text
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def moment(seconds: float) -> str:
    """Return a time (seconds since the epoch) as CADF has it: ISO 8601, UTC, microseconds."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")


def keys(event: Event) -> set[str]:
    """Return everything an event can be found by."""
    links = event.links
    found = {
        event.initiator.id, event.target.id, links.sign_in, links.token, links.credential, links.request,
        links.global_request, links.decision, links.call, links.access_key, links.aws_request,
        *(made.id for made in links.objects), *links.things,
    }  # fmt: skip
    return found - {""}
