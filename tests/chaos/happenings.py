"""What happens while the engine is dead: the same things that happen to a living one, and at the worst moment.

They go through the API, which lives on. A refusal is an answer as good as any: what counts is that nothing acknowledged
is lost.
"""

from __future__ import annotations

from tests.chaos.deeds import rule_create
from tests.chaos.tenant import COMPUTE, NETWORK, Tenant
from tests.chaos.verbs import VERBS

CAPACITY = ("lost-capacity", "lost-capacity-answer")


def happen(t: Tenant, verb: str, between: str) -> None:
    """Let something happen to what the verb is about."""
    subject = VERBS[verb].subject
    id_ = {"server": t.server, "holder": t.holder, "outsider": t.outsider}.get(subject, "")
    if between == "lost capacity error":
        # The zone is full, and the answer that says so is lost: the next launch meets it.
        t.run.control.post("faults", {"kind": "capacity", "id": CAPACITY[0], "action": "RunInstances", "count": 1})
        t.run.control.post("faults", {"kind": "drop-after", "id": CAPACITY[1], "action": "RunInstances", "count": 1})
    elif not subject:
        return  # there is nobody yet
    elif between == "rename":
        if id_:
            t.update(f"{COMPUTE}/servers", "server", id_, t.name("renamed"))
        else:
            t.update(f"{NETWORK}/networks", "network", t.network, t.name("renamed"))
    elif between == "action":
        if not id_:
            _second_rule(t)
        elif t.status(id_) == "SHUTOFF":
            t.act("os-start", server=id_)
        else:
            t.act("os-stop", server=id_)
    elif between == "delete":
        _delete(t, id_)


def _second_rule(t: Tenant) -> None:
    if t.group and not t.rule:
        rule_create(t)


def _delete(t: Tenant, id_: str) -> None:
    if id_:
        t.delete(f"{COMPUTE}/servers", id_)
        t.server, t.holder, t.outsider = ("" if one == id_ else one for one in (t.server, t.holder, t.outsider))
    elif t.port and not t.holder:
        t.delete(f"{NETWORK}/ports", t.port)
        t.port = ""


def over(t: Tenant) -> None:
    """Take back what has not struck."""
    for fault in CAPACITY:
        t.run.control.delete(f"faults/{fault}")
