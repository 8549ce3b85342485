"""What happens while the engine is dead: the same things that happen to a living one, and at the worst moment.

They go through the API, which lives on. A refusal is an answer as good as any: what counts is that nothing acknowledged
is lost.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.chaos import member_deeds, routing_deeds
from tests.chaos.deeds import rule_create
from tests.chaos.tenant import COMPUTE, NETWORK, Tenant
from tests.chaos.verbs import VERBS

SERVERS = ("server", "holder", "outsider", "inside", "member")
CAPACITY = ("lost-capacity", "lost-capacity-answer")


def happen(t: Tenant, verb: str, between: str) -> None:
    """Let something happen to what the verb is about."""
    subject = VERBS[verb].subject
    id_ = str(getattr(t, subject)) if subject in SERVERS else ""
    if between == "lost capacity error":
        # The zone is full, and the answer that says so is lost: the next launch meets it.
        t.run.control.post("faults", {"kind": "capacity", "id": CAPACITY[0], "action": "RunInstances", "count": 1})
        t.run.control.post("faults", {"kind": "drop-after", "id": CAPACITY[1], "action": "RunInstances", "count": 1})
    elif not subject:
        return  # there is nobody yet
    elif subject in _BESIDE:
        if getattr(t, subject) and between in _BESIDE[subject]:
            _BESIDE[subject][between](t)
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
        for name in SERVERS:
            if getattr(t, name) == id_:
                setattr(t, name, "")
    elif t.port and not t.holder:
        t.delete(f"{NETWORK}/ports", t.port)
        t.port = ""


def _rename_router(t: Tenant) -> None:
    t.update(routing_deeds.ROUTERS, "router", t.router, t.name("renamed"))


def _switch_gateway(t: Tenant) -> None:
    router = routing_deeds.shown_router(t)
    if router is not None:
        (routing_deeds.gateway_clear if router["external_gateway_info"] else routing_deeds.gateway_set)(t)


def _describe_floating(t: Tenant) -> None:
    body = {"floatingip": {"description": t.name("described")}}
    t.run.quietly("PUT", f"{routing_deeds.FLOATING}/{t.floating}", body)


def _switch_floating(t: Tenant) -> None:
    shown = routing_deeds.shown_floating(t)
    if shown is not None:
        (routing_deeds.floating_disassociate if shown["port_id"] else routing_deeds.floating_associate)(t)


_BESIDE: dict[str, dict[str, Callable[[Tenant], None]]] = {
    "router": {"rename": _rename_router, "action": _switch_gateway, "delete": routing_deeds.router_delete},
    "floating": {
        "rename": _describe_floating, "action": _switch_floating, "delete": routing_deeds.floating_delete,
    },
    "band": {"delete": member_deeds.band_delete},
}  # fmt: skip


def over(t: Tenant) -> None:
    """Take back what has not struck."""
    for fault in CAPACITY:
        t.run.control.delete(f"faults/{fault}")
