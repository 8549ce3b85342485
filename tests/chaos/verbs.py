"""The operations, in the order of a project's life: what each presupposes, what it asks, whom happenings hit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.chaos import deeds, member_deeds, needs, routing_deeds, routing_needs
from tests.chaos.tenant import Tenant


@dataclass(frozen=True)
class Verb:
    """An operation. need: what it presupposes, made so without kills. subject: whom happenings hit."""

    need: Callable[[Tenant], None]
    do: Callable[[Tenant], None]
    subject: str


START = "start"  # the verb before all others: a store that is empty and an engine that has never run

VERBS: dict[str, Verb] = {
    START: Verb(needs.nothing, lambda t: t.run.start(), ""),
    "network create": Verb(needs.nothing, deeds.network_create, "network"),
    "subnet create": Verb(needs.empty_network, deeds.subnet_create, "network"),
    "group create": Verb(needs.network, deeds.group_create, "network"),
    "rule create": Verb(needs.group, deeds.rule_create, "network"),
    "keypair create": Verb(needs.nothing, deeds.keypair_create, "network"),
    "server create": Verb(needs.everything, deeds.server_create, "server"),
    "server rename": Verb(needs.one_server, deeds.server_rename, "server"),
    "server stop": Verb(needs.one_server, deeds.server_stop, "server"),
    "server start": Verb(needs.stopped, deeds.server_start, "server"),
    "reboot soft": Verb(needs.one_server, deeds.reboot_soft, "server"),
    "reboot hard": Verb(needs.one_server, deeds.reboot_hard, "server"),
    "rule add": Verb(needs.no_rule, deeds.rule_create, "server"),
    "rule remove": Verb(needs.rule_in_use, deeds.rule_delete, "server"),
    "group attach": Verb(needs.two_groups, deeds.group_attach, "server"),
    "group detach": Verb(needs.attached, deeds.group_detach, "server"),
    "console": Verb(needs.one_server, deeds.console, "server"),
    "port create": Verb(needs.no_port, deeds.port_create, "network"),
    "server create on port": Verb(needs.port, deeds.holder_create, "holder"),
    "server delete on port": Verb(needs.held, deeds.holder_delete, "network"),
    "port delete": Verb(needs.used_port, deeds.port_delete, "network"),
    "subnet create outside the VPC": Verb(needs.no_range, deeds.range_create, "network"),
    "server create in another range": Verb(needs.other_range, deeds.outsider_create, "outsider"),
    "subnet delete": Verb(needs.used_range, deeds.range_delete, "network"),
    "server delete": Verb(needs.read_server, deeds.server_delete, "server"),
    "group delete": Verb(needs.used, deeds.group_delete, "network"),
    "keypair delete": Verb(needs.used, deeds.keypair_delete, "network"),
    "network delete": Verb(needs.used_whole, deeds.network_delete, "network"),
    "interface attach": Verb(routing_needs.one_interface, member_deeds.attach, "inside"),
    "interface detach": Verb(routing_needs.two_interfaces, member_deeds.detach, "inside"),
    "server group create": Verb(needs.nothing, member_deeds.band_create, "band"),
    "server create in a group": Verb(routing_needs.band, member_deeds.member_create, "member"),
    "server group delete": Verb(routing_needs.used_band, member_deeds.band_delete, "band"),
    "router create": Verb(needs.nothing, routing_deeds.router_create, "router"),
    "router interface add": Verb(routing_needs.to_be_joined, routing_deeds.interface_add, "router"),
    "router gateway set": Verb(routing_needs.to_be_opened, routing_deeds.gateway_set, "router"),
    "floating IP create": Verb(needs.nothing, routing_deeds.floating_create, "floating"),
    "floating IP associate": Verb(routing_needs.floating, routing_deeds.floating_associate, "floating"),
    "floating IP disassociate": Verb(routing_needs.led, routing_deeds.floating_disassociate, "floating"),
    "floating IP delete": Verb(routing_needs.led, routing_deeds.floating_delete, "floating"),
    "router interface remove": Verb(routing_needs.open_router, routing_deeds.interface_remove, "router"),
    "router gateway clear": Verb(routing_needs.open_router, routing_deeds.gateway_clear, "router"),
    "router delete": Verb(routing_needs.to_be_joined, routing_deeds.router_delete, "router"),
}
