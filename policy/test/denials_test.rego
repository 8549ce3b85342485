# Denied by default: what no row allows, what is malformed, and whom no token of a project speaks for.
package gurum.test.denials

import rego.v1

member := {"user_id": "u1", "project_id": "p1", "roles": ["member", "reader"]}

admin := {"user_id": "u9", "project_id": "p9", "roles": ["admin", "manager", "member", "reader"]}

own := {"project_id": "p1", "user_id": "u1"}

denied := {"allow": false, "visible": false, "scopes": null}

asks(action, principal, target) := {"action": action, "principal": principal, "target": target}

show(principal, target) := asks("compute:servers:show", principal, target)

# The control: what the cases below change one thing of is allowed.
test_control := [
	{"name": "member", "input": show(member, own), "want": {"allow": true, "visible": true, "reason": "granted"}},
	{"name": "admin", "input": show(admin, own), "want": {"allow": true, "visible": true}},
]

test_unknown_actions := [{"name": action, "input": asks(action, admin, own), "want": denied} |
	some action in [
		"",
		"compute",
		"compute:servers",
		"compute:servers:",
		"compute:servers:show:",
		"compute:servers:show:extended_attributes",
		"compute:servers:Show",
		"compute:servers:explode",
		"compute:pets:show",
		"volume2:servers:show",
		"servers:show",
		"os_compute_api:servers:show",
		":servers:show",
		"::",
		"*:*:*",
		"compute:servers:*",
	]
]

test_action_of_another_type := [{"name": type_name(action), "input": asks(action, admin, own), "want": denied} |
	some action in [null, true, 1, ["compute", "servers", "show"], {"compute": "servers"}]
]

test_missing_fields := [
	{"name": "everything", "input": {}, "want": denied},
	{"name": "action", "input": {"principal": admin, "target": own}, "want": denied},
	{"name": "principal", "input": {"action": "compute:servers:show", "target": own}, "want": denied},
	{"name": "target", "input": {"action": "compute:servers:show", "principal": admin}, "want": denied},
	{"name": "roles", "input": show(object.remove(admin, ["roles"]), own), "want": denied},
	{"name": "user", "input": show(object.remove(admin, ["user_id"]), own), "want": {"allow": false}},
	{"name": "project", "input": show(object.remove(admin, ["project_id"]), own), "want": denied},
	{"name": "owner", "input": show(member, {}), "want": denied},
]

# A container or a text in the place of a list must not be searched for "admin".
test_roles_of_another_type := [{"name": type_name(roles), "input": show(hostile, own), "want": denied} |
	some roles in [null, true, 1, "admin", {"admin": true}, {"admin": "admin"}]
	hostile := object.union(admin, {"roles": roles})
]

test_roles_that_hold_no_names := [{"input": show(hostile, own), "want": {"allow": false}} |
	some roles in [[], [null], [["admin"]], [{"name": "admin"}], [1, true], ["administrator"], [" admin"], ["admin "]]
	hostile := object.union(member, {"roles": roles})
]

test_role_names_ignore_case := {
	"input": show(object.union(admin, {"roles": ["Admin"]}), own),
	"want": {"allow": true},
}

# No role is called like what the table means by everybody or by a scope.
test_role_named_like_a_scope := [{"name": role, "input": show(hostile, own), "want": {"allow": false}} |
	some role in ["any", "anyone", "project", "owner"]
	hostile := object.union(member, {"roles": [role]})
]

test_is_admin_is_not_a_role := {
	"input": asks("compute:servers:reset_state", object.union(member, {"is_admin": true}), own),
	"want": {"allow": false},
}

# Nobody's is nobody's: what has no owner does not belong to who has no project.
test_nothing_equals_nothing := [{"input": show(hostile, {"project_id": nothing}), "want": denied} |
	some nothing in [null, "", false, 0, [], {}]
	hostile := object.union(member, {"project_id": nothing})
]

test_no_user := [{"input": asks("compute:keypairs:show", hostile, {"user_id": nothing}), "want": {"allow": false}} |
	some nothing in [null, "", false, 0, [], {}]
	hostile := object.union(member, {"user_id": nothing})
]

test_owners_of_another_type := [{"input": show(member, {"project_id": owner}), "want": denied} |
	some owner in [null, true, 1, ["p1"], {"p1": true}, "P1", "p1 ", ""]
]

# A token of the whole system or of a domain is no token of a project, whatever its roles.
test_system_scope := [{"name": name, "input": show(object.union(admin, scope), own), "want": denied} |
	some name
	scope := other_scopes[name]
]

other_scopes := {
	"system and project": {"system_scope": "all"},
	"system": {"system_scope": "all", "project_id": null},
	"system, another type": {"system_scope": {"all": true}},
	"domain": {"domain_id": "default", "project_id": null},
	"none": {"project_id": null},
}

test_another_projects := [{"name": action, "input": asks(action, member, {"project_id": "p2"}), "want": denied} |
	some action in [
		"compute:servers:show",
		"compute:servers:delete",
		"compute:server_metadata:list",
		"compute:server_groups:show",
		"network:networks:show",
		"network:networks:delete",
		"network:ports:update",
		"network:routers:add_interface",
		"image:images:show",
		"image:images:delete",
	]
]

# What one sees and may not change is forbidden; what one does not see is not found.
test_forbidden_or_not_found := [
	{
		"name": "a reader stops a server",
		"input": asks("compute:servers:stop", object.union(member, {"roles": ["reader"]}), own),
		"want": {"allow": false, "visible": true, "denied": ["os_compute_api:servers:stop"], "reason": "no grant applies"},
	},
	{
		"name": "a member deletes the external network",
		"input": asks("network:networks:delete", member, {"project_id": "p2", "router_external": true}),
		"want": {"allow": false, "visible": true, "denied": ["delete_network"]},
	},
	{
		"name": "a member deletes a public image",
		"input": asks("image:images:delete", member, {"project_id": "p2", "visibility": "public"}),
		"want": {"allow": false, "visible": true, "denied": ["delete_image"]},
	},
	{
		"name": "an image's visibility shared is not enough",
		"input": asks("image:images:show", member, {"project_id": "p2", "visibility": "shared"}),
		"want": denied,
	},
	{
		"name": "tags of another's network are refused, not hidden",
		"input": asks("network:network_tags:show", member, {"project_id": "p2"}),
		"want": {"allow": false, "visible": true, "denied": ["get_network:tags"]},
	},
]

create(attributes) := asks("network:networks:create", member, object.union(own, {"attributes": attributes}))

# Attributes are asked with their action: all must be allowed, those that the table does not know are not.
test_attributes := [
	{
		"name": "plain ones change nothing",
		"input": create(["name", "mtu"]),
		"want": {"allow": true, "rules": ["create_network"], "denied": []},
	},
	{
		"name": "one is refused",
		"input": create(["name", "port_security_enabled", "shared"]),
		"want": {
			"allow": false,
			"visible": true,
			"rules": ["create_network", "create_network:port_security_enabled", "create_network:shared"],
			"denied": ["create_network:shared"],
		},
	},
	{
		"name": "an unknown one is refused",
		"input": create(["name", "color"]),
		"want": {"allow": false, "denied": ["color"]},
	},
	{
		"name": "one of another action is refused",
		"input": asks("compute:servers:delete", admin, object.union(own, {"attributes": ["forced_host"]})),
		"want": {"allow": false, "denied": ["forced_host"]},
	},
	{
		"name": "the action is refused first",
		"input": asks("network:networks:create", member, {"project_id": "p2", "attributes": ["shared"]}),
		"want": {"allow": false, "denied": ["create_network", "create_network:shared"]},
	},
]

test_attributes_of_another_type := [{"name": type_name(attributes), "input": create(attributes), "want": {"allow": false}} |
	some attributes in [null, true, 1, "name", {"name": true}, [null], [1], [["name"]], [{}]]
]

# true is true, and nothing else is.
test_flags_of_another_type := [{"name": flag, "input": asks("network:networks:show", member, target), "want": denied} |
	some flag in ["shared", "router_external"]
	some value in ["true", 1, null, [true], {"a": true}]
	target := object.union({"project_id": "p2"}, {flag: value})
]

test_device_owner_of_another_type := [{"input": asks("network:ports:delete", member, target), "want": {"allow": false}} |
	some owner in [null, true, 1, ["compute:nova"]]
	target := object.union(own, {"device_owner": owner})
]

# A route that names a rule must name the row's.
test_rule := [
	{
		"name": "the row's",
		"input": object.union(show(member, own), {"rule": "os_compute_api:servers:show"}),
		"want": {"allow": true},
	},
	{
		"name": "another's",
		"input": object.union(show(admin, own), {"rule": "os_compute_api:servers:index"}),
		"want": denied,
	},
	{"name": "not a text", "input": object.union(show(admin, own), {"rule": 1}), "want": denied},
]

# A plain attribute needs nothing beyond its action; an action with one takes no other's.
plain := {
	"network:networks:create": "name",
	"network:networks:update": "name",
	"network:subnets:create": "name",
	"network:subnets:update": "name",
	"network:ports:create": "name",
	"network:ports:update": "name",
	"network:security_groups:create": "name",
	"network:security_groups:update": "name",
	"network:security_group_rules:create": "description",
	"network:address_groups:create": "name",
	"network:address_groups:update": "name",
	"network:address_scopes:create": "name",
	"network:address_scopes:update": "name",
	"network:subnetpools:create": "name",
	"network:subnetpools:update": "name",
	"network:rbac_policies:create": "tenant_id",
	"network:rbac_policies:update": "tenant_id",
	"network:agents:create": "admin_state_up",
	"network:agents:update": "admin_state_up",
	"network:segments:create": "name",
	"network:segments:update": "name",
	"network:routers:create": "name",
	"network:routers:update": "name",
	"network:floatingips:create": "description",
	"network:floatingips:update": "description",
	"network:trunks:create": "name",
	"network:trunks:update": "name",
	"network:qos_policies:create": "name",
	"network:qos_policies:update": "name",
}

test_plain := [case |
	some action
	attribute := plain[action]
	case := {
		"name": concat(" ", [action, attribute]),
		"input": asks(action, admin, object.union(own, {"attributes": [attribute]})),
		"want": {"allow": true, "denied": []},
	}
]

test_not_plain := [case |
	some action
	plain[action]
	case := {
		"name": action,
		"input": asks(action, admin, object.union(own, {"attributes": ["forced_host"]})),
		"want": {"allow": false, "denied": ["forced_host"]},
	}
]
