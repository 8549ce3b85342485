"""What every answer must be, whatever was asked: small, independent judgements, each a sentence when it fails."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

import msgspec
from tests.fuzz.call import HUNG, Answer, Call
from tests.fuzz.people import BY_TOKEN, Person
from tests.fuzz.population import CANARY
from tests.fuzz.recorder import Place
from tests.fuzz.world import World
from tests.isolation.expect import READS

from gurum.pia.network.revision import REVISION

SLOW = 1.0  # seconds of one request's own processor time
_REQUEST_ID = re.compile(r"req-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
INTERNAL = (
    *("Traceback", 'File "', "site-packages", "gurum.", "gurum/", "msgspec", "jsonschema", "asyncio", "<class '"),
    *(" object at 0x", "NoneType", "AssertionError", "KeyError", "TypeError", "secret"),
)
NEUTRONS_OWN = "must be a list, found '"  # and then the name of a type
PRIVATE = "PRIVATE KEY"
COMPUTE_FAULTS = {
    *("badRequest", "unauthorized", "forbidden", "itemNotFound", "badMethod", "conflictingRequest", "overLimit"),
    *("badMediaType", "notImplemented", "computeFault", "serviceUnavailable"),
}
DEFAULT_GROUP = "default security group"


class Problem(msgspec.Struct, frozen=True):
    """Something wrong with an answer. `kind` and `detail` tell problems apart; `text` is for the reader."""

    kind: str
    detail: str
    text: str = ""


def problems(world: World, call: Call, answer: Answer, traceback: str = "") -> Iterator[Problem]:
    """Yield what is wrong."""
    service = call.target.split("?")[0][1:].partition("/")[0]
    if answer.status == HUNG:
        yield Problem("hung", _row(answer), f"no end after {answer.seconds:.1f} s of processor time")
        return
    yield from _status(world, answer, traceback)
    if answer.status != 500:
        yield from _shape(service, call, answer)
    yield from _texts(call, answer)
    yield from _state(call, answer)
    yield from _home(call, answer)
    if answer.seconds > SLOW:
        yield Problem("slow", _row(answer), f"{answer.seconds:.2f} s of processor time")


def _row(answer: Answer) -> str:
    return str(answer.reached[-1]) if answer.reached else "before any handler"


def _status(world: World, answer: Answer, traceback: str) -> Iterator[Problem]:
    status = answer.status
    if 100 <= status < 500:
        return
    documented = {world.routes[key][1].status for key in answer.reached}
    if status == 501 and 501 in documented:
        return
    lines = traceback.strip().splitlines()
    where = next((line.strip() for line in reversed(lines) if "/src/" in line and line.strip().startswith("File")), "")
    where = re.sub(r'File ".*/src/', "", where).replace('"', "")
    fault = lines[-1].partition(":")[0] if lines else ""
    yield Problem("server error", f"{status} {fault} {where}", traceback or answer.body.decode(errors="replace"))


def _shape(service: str, call: Call, answer: Answer) -> Iterator[Problem]:
    """The service's own envelope, request ids, and headers that an HTTP server can send."""
    for name, value in answer.headers:
        if re.search(r"[\r\n\x00]", name + value):
            yield Problem("header", name, f"{name}: {value!r} breaks the header")
    kind = answer.header("content-type")
    length = answer.header("content-length")
    if call.method != "HEAD" and length and int(length) != len(answer.body):
        yield Problem("length", service, f"Content-Length {length}, body of {len(answer.body)}")
    if answer.body and (answer.status in (204, 304) or call.method == "HEAD"):
        yield Problem("body", service, f"{call.method}, {answer.status} with a body")
    document: Any = None
    if kind.startswith("application/json") and answer.body:
        try:
            document = json.loads(answer.body)
        except ValueError as error:
            yield Problem("not JSON", service, str(error))
            return
    if service in SHAPES and call.method != "HEAD":
        fault = SHAPES[service](call, answer, document, kind)
        if fault:
            yield Problem("shape", f"{service} {answer.status}: {fault}", answer.body[:400].decode(errors="replace"))
    if _stamped(service, call) and not _REQUEST_ID.match(answer.header("x-openstack-request-id")):
        yield Problem("request id", service, f"{answer.header('x-openstack-request-id')!r}")


def _stamped(service: str, call: Call) -> bool:
    if service == "compute":
        return call.method != "OPTIONS"
    head = unquote(call.target.split("?")[0]).strip("/").split("/")[:2]
    return service == "image" or head == ["network", "v2.0"]


def _is_401(answer: Answer, document: Any) -> bool:
    return answer.status == 401 and isinstance(document, dict) and document.get("error", {}).get("code") == 401


def _compute(call: Call, answer: Answer, document: Any, kind: str) -> str:
    if answer.status < 300 or _is_401(answer, document):
        return ""
    if kind.startswith("text/html"):
        return _page(answer)
    if not isinstance(document, dict) or len(document) not in (1, 3):
        return "no fault"
    if answer.status == 300:
        return "" if "choices" in document else "no choices"
    name, fault = next(iter(document.items()))
    if set(document) == {"message", "code", "title"}:
        return "" if document["code"].startswith(str(answer.status)) else "another code"
    if name not in COMPUTE_FAULTS or not isinstance(fault, dict):
        return "no known fault"
    return "" if fault.get("code") == answer.status and isinstance(fault.get("message"), str) else "code or message"


def _page(answer: Answer) -> str:
    return "" if b"<title>" in answer.body or not answer.body else "no page"


def _network(call: Call, answer: Answer, document: Any, kind: str) -> str:
    if answer.status < 300 or _is_401(answer, document):
        return ""
    if not isinstance(document, dict):
        return "no document"
    if set(document) == {"code", "description", "title"}:
        return ""
    fault = document.get("NeutronError")
    good = (
        isinstance(fault, dict)
        and set(fault) == {"type", "message", "detail"}
        and all(isinstance(value, str) for value in fault.values())
    )
    return "" if good else "no NeutronError"


def _image(call: Call, answer: Answer, document: Any, kind: str) -> str:
    if answer.status < 300 or _is_401(answer, document):
        return ""
    if kind.startswith("text/html"):
        accepted = [value for name, value in call.headers if name.lower() == "accept"]
        return "a page for who asks for JSON" if accepted == ["application/json"] else _page(answer)
    if not isinstance(document, dict):
        return "no document"
    if answer.status == 300:
        return "" if "versions" in document else "no versions"
    good = set(document) == {"code", "title", "message"} and document["code"].startswith(f"{answer.status} ")
    return "" if good else "no code, title and message"


SHAPES = {"compute": _compute, "network": _network, "image": _image}


def _texts(call: Call, answer: Answer) -> Iterator[Problem]:
    """Nothing from inside, no key but the one just made, nothing with another project's canary."""
    text = answer.body.decode("utf-8", "backslashreplace") + "".join(value for _, value in answer.headers)
    asked = call.target + call.body.decode("utf-8", "backslashreplace") + "".join(value for _, value in call.headers)
    for word in INTERNAL:
        if word in text and word not in asked and NEUTRONS_OWN not in text:
            yield Problem("internals", f"{word!r} {answer.status}", text[:600])
    made = call.method == "POST" and call.target.split("?")[0].endswith("/os-keypairs") and answer.status < 300
    if PRIVATE in text and not made:
        yield Problem("private key", _row(answer), text[:200])
    if call.token and len(call.token) > 8 and call.token in text and call.token not in asked:
        yield Problem("token", _row(answer), text[:600])
    person = BY_TOKEN.get(call.token or "")
    if person is not None and "admin" in person.roles:
        return
    for project, canary in CANARY.items():
        mark = f"{canary}-"  # what requests make; networks made otherwise can be shared, and are named otherwise
        if mark in text and mark not in asked and (person is None or person.project != project):
            yield Problem("another project's", _row(answer), text[max(text.find(mark) - 300, 0) :][:600])


def _state(call: Call, answer: Answer) -> Iterator[Problem]:
    """A refused request and a read leave nothing behind, but for the default group of a project that has none."""
    read = call.method in READS
    if answer.status < 400 and not read:
        return
    left = {place: change for place, change in answer.trace.left().items() if not _default_group(place, change)}
    if left:
        kinds = ", ".join(sorted({kind for kind, _ in left}))
        text = "; ".join(f"{'/'.join(place)}: {_difference(*change)}" for place, change in list(left.items())[:4])
        what = "read" if read and answer.status < 400 else f"refused ({answer.status})"
        yield Problem("state", f"{what}, yet changed {kinds}: {_row(answer)}", text)


def _default_group(place: Place, change: tuple[bytes, bytes]) -> bool:
    before, after = change
    return (
        place[0] in ("SecurityGroup", "SecurityGroupRule")
        and not before
        and (b'"is_default":true' in after or b'"belongs_to_default_sg":true' in after)
    )


def _difference(before: bytes, after: bytes) -> str:
    if not before:
        return f"new {after[:300].decode()}"
    if not after:
        return "gone"
    was, now = json.loads(before), json.loads(after)
    if not isinstance(was, dict):
        return f"{was} -> {now}"
    return ", ".join(f"{name} {was.get(name)} -> {now.get(name)}" for name in now if was.get(name) != now.get(name))[
        :500
    ]


def _home(call: Call, answer: Answer) -> Iterator[Problem]:
    """Whoever is no administrator writes what is his project's (or, of key pairs, his own) and nothing else."""
    person = BY_TOKEN.get(call.token or "")
    if person is not None and "admin" in person.roles:
        return
    for place, (before, after) in answer.trace.left().items():
        if _revision_only(before, after):
            continue
        for content in (before, after):
            if content and not _mine(person, place, content):
                yield Problem("abroad", f"{place[0]}: {_row(answer)}", f"{call.token} wrote {content[:500].decode()}")
                return


def _revision_only(before: bytes, after: bytes) -> bool:
    """Whether only the number moved by which Neutron counts changes of an object's parts, whoever's these are."""
    if not before or not after:
        return False
    was, now = json.loads(before), json.loads(after)
    if not isinstance(was, dict):
        return False
    for document in (was, now):
        document["metadata"].get("labels", {}).pop(REVISION, None)
        document["metadata"]["labels"] = document["metadata"].get("labels", {})
    return bool(was == now)


def _mine(person: Person | None, place: Place, content: bytes) -> bool:
    if person is None:
        return False
    kind, uid = place
    if kind == "QuotaUsage":
        return (person.project or "-") in uid
    document: Mapping[str, Any] = json.loads(content)
    if kind == "KeyPair":
        return bool(document["spec"]["user_id"] == person.user)
    return bool(document["metadata"].get("project") == person.project)
