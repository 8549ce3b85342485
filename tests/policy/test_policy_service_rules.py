"""The services' own names, where users read them: in the text of a refusal.

Each row is a request that a real Nova 34, Neutron 29 or Glance 33 refused, and the rules that its message named:
"Policy doesn't allow <rule> to be performed.", "(rule:<rule> and rule:<rule>) is disallowed by policy", "You are not
authorized to complete <rule> action.".
"""

from __future__ import annotations

import pytest

from gurum.policy.engine import EmbeddedDecisionPoint
from gurum.policy.model import PolicyInput, Principal, Target

MEMBER = Principal(user_id="u1", project_id="p1", roles=("member", "reader"))
READER = Principal(user_id="u1", project_id="p1", roles=("reader",))
OWN = Target.of(MEMBER)
OTHERS = Target(project_id="p2", user_id="u2")
EXTERNAL = Target(project_id="p2", router_external=True)


def _with(*attributes: str, parent: str | None = None, wildcard: bool = False) -> Target:
    return Target(project_id="p1", parent_project_id=parent, attributes=attributes, wildcard=wildcard)


COMPUTE = [
    (MEMBER, "compute:flavors:create", OWN, "os-flavor-manage:create"),
    (MEMBER, "compute:flavors:delete", OWN, "os-flavor-manage:delete"),
    (MEMBER, "compute:flavors:update", OWN, "os-flavor-manage:update"),
    (MEMBER, "compute:flavor_extra_specs:create", OWN, "os-flavor-extra-specs:create"),
    (MEMBER, "compute:flavor_access:list", OWN, "os-flavor-access"),
    (MEMBER, "compute:flavor_access:add", OWN, "os-flavor-access:add_tenant_access"),
    (MEMBER, "compute:keypairs:list", OTHERS, "os-keypairs:index"),
    (MEMBER, "compute:keypairs:create", OTHERS, "os-keypairs:create"),
    (READER, "compute:server_metadata:create", OWN, "server-metadata:create"),
    (READER, "compute:server_tags:update", OWN, "os-server-tags:update"),
    (MEMBER, "compute:servers:create", _with("forced_host"), "servers:create:forced_host"),
    (MEMBER, "compute:servers:migrate_live", OWN, "os-migrate-server:migrate_live"),
    (MEMBER, "compute:servers:reset_state", OWN, "os-admin-actions:reset_state"),
    (MEMBER, "compute:servers:inject_network_info", OWN, "os-admin-actions:inject_network_info"),
    (READER, "compute:servers:stop", OWN, "servers:stop"),
    (READER, "compute:servers:console_output", OWN, "os-console-output"),
    (READER, "compute:servers:update", OWN, "servers:update"),
    (READER, "compute:servers:delete", OWN, "servers:delete"),
    (MEMBER, "compute:servers:list", Target(all_projects=True), "servers:index:get_all_tenants"),
    (MEMBER, "compute:server_migrations:list", OWN, "servers:migrations:index"),
    (MEMBER, "compute:server_volume_attachments:swap", OWN, "os-volumes-attachments:swap"),
    (READER, "compute:server_volume_attachments:create", OWN, "os-volumes-attachments:create"),
]


@pytest.mark.parametrize(("principal", "action", "target", "rule"), COMPUTE)
def test_compute(engine: EmbeddedDecisionPoint, principal: Principal, action: str, target: Target, rule: str) -> None:
    decision = engine.decide(PolicyInput(action=action, principal=principal, target=target))
    assert (decision.allow, decision.visible, decision.denied) == (False, True, (f"os_compute_api:{rule}",))


NETWORK = [
    (MEMBER, "network:networks:create", _with("router:external"), "create_network create_network:router:external"),
    (MEMBER, "network:networks:update", _with("shared"), "update_network update_network:shared"),
    (MEMBER, "network:networks:update", _with("router:external"), "update_network update_network:router:external"),
    (
        MEMBER,
        "network:networks:update",
        _with("provider:segmentation_id"),
        "update_network update_network:provider:segmentation_id",
    ),
    (MEMBER, "network:networks:delete", EXTERNAL, "delete_network"),
    (MEMBER, "network:network_tags:show", OTHERS, "get_network:tags"),
    (READER, "network:subnets:delete", OWN, "delete_subnet"),
    (
        MEMBER,
        "network:ports:create",
        _with("network_id", "binding:profile", parent="p1"),
        "create_port create_port:binding:profile",
    ),
    (MEMBER, "network:ports:update", _with("mac_address", parent="p1"), "update_port update_port:mac_address"),
    (MEMBER, "network:ports:update", _with("binding:host_id", parent="p1"), "update_port update_port:binding:host_id"),
    (MEMBER, "network:routers:create", _with("ha"), "create_router create_router:ha"),
    (MEMBER, "network:router_l3_agents:list", OWN, "get_l3-agents"),
    (
        MEMBER,
        "network:floatingips:create",
        _with("floating_network_id", "floating_ip_address"),
        "create_floatingip create_floatingip:floating_ip_address",
    ),
    (READER, "network:floatingips:delete", OWN, "delete_floatingip"),
    (
        MEMBER,
        "network:rbac_policies:create",
        _with("object_type", "object_id", "target_tenant", "action", wildcard=True),
        (
            "create_rbac_policy create_rbac_policy:object_type create_rbac_policy:object_id"
            " create_rbac_policy:target_tenant create_rbac_policy:action"
        ),
    ),
]


@pytest.mark.parametrize(("principal", "action", "target", "rules"), NETWORK)
def test_network(engine: EmbeddedDecisionPoint, principal: Principal, action: str, target: Target, rules: str) -> None:
    decision = engine.decide(PolicyInput(action=action, principal=principal, target=target))
    assert (decision.allow, decision.visible, decision.rules) == (False, True, tuple(rules.split()))


PUBLIC = Target(project_id="p2", visibility="public")
IMAGE = [
    (MEMBER, "image:images:update", PUBLIC, "modify_image"),
    (MEMBER, "image:images:delete", PUBLIC, "delete_image"),
    (MEMBER, "image:tasks:list", OWN, "tasks_api_access"),
    (MEMBER, "image:images:create", _with("public"), "publicize_image"),
    (MEMBER, "image:images:update", _with("public"), "publicize_image"),
    (READER, "image:images:upload", OWN, "upload_image"),
    (READER, "image:images:create", OWN, "add_image"),
    (READER, "image:images:delete", OWN, "delete_image"),
]


@pytest.mark.parametrize(("principal", "action", "target", "rule"), IMAGE)
def test_image(engine: EmbeddedDecisionPoint, principal: Principal, action: str, target: Target, rule: str) -> None:
    decision = engine.decide(PolicyInput(action=action, principal=principal, target=target))
    assert (decision.allow, decision.visible, decision.denied) == (False, True, (rule,))


@pytest.mark.parametrize(
    ("action", "target"),
    [
        ("compute:servers:show", OTHERS),
        ("compute:servers:stop", OTHERS),
        ("compute:server_metadata:list", OTHERS),
        ("compute:server_instance_actions:list", OTHERS),
        ("compute:flavors:show", OTHERS),
        ("network:networks:update", OTHERS),
        ("network:security_group_rules:delete", OTHERS),
        ("image:images:delete", OTHERS),
    ],
)
def test_not_found(engine: EmbeddedDecisionPoint, action: str, target: Target) -> None:
    decision = engine.decide(PolicyInput(action=action, principal=MEMBER, target=target))
    assert (decision.allow, decision.visible) == (False, False)


@pytest.mark.parametrize(
    ("principal", "action", "target"),
    [
        (MEMBER, "network:quotas:details", OWN),
        (READER, "compute:flavors:show", Target(project_id=None, shared=True)),
        (READER, "compute:server_instance_actions:list", OWN),
        (READER, "compute:server_metadata:list", OWN),
        (MEMBER, "network:agents:list", OWN),
        (MEMBER, "network:network_ip_availabilities:list", OWN),
        (MEMBER, "network:default_security_group_rules:list", OWN),
        (MEMBER, "image:images:show", Target(project_id="p2", visibility="shared", member_id="p1")),
        (MEMBER, "image:members:update", Target(project_id="p2", visibility="shared", member_id="p1")),
        (MEMBER, "image:images:deactivate", OWN),
    ],
)
def test_allowed(engine: EmbeddedDecisionPoint, principal: Principal, action: str, target: Target) -> None:
    """What the real ones allowed, against expectation in some cases."""
    assert engine.decide(PolicyInput(action=action, principal=principal, target=target)).allow
