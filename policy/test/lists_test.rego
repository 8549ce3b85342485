# What a list may contain, by who asks: r a reader, n somebody without a role known here, s a service, a an admin.
# Who is missing is denied; an empty set is an empty list.
package gurum.test.lists

import rego.v1

import data.gurum.test.people.own
import data.gurum.test.people.roles

expected := {
	"compute:servers:list": {"r": ["projects"], "a": ["projects"]},
	"compute:servers:detail": {"r": ["projects"], "a": ["projects"]},
	"compute:migrations:list": {"a": ["projects"]},
	"compute:flavors:list": {"r": ["members", "shared"], "n": ["members", "shared"], "s": ["members", "shared"], "a": ["all"]},
	"compute:flavors:detail": {"r": ["members", "shared"], "n": ["members", "shared"], "s": ["members", "shared"], "a": ["all"]},
	"compute:keypairs:list": {"r": ["users"], "n": ["users"], "s": ["users"], "a": ["users"]},
	"compute:server_groups:list": {"r": ["projects"], "a": ["projects"]},
	"network:networks:list": {"r": ["projects", "shared", "external"], "n": ["shared", "external"], "s": ["all"], "a": ["all"]},
	"network:subnets:list": {"r": ["projects", "parents", "shared", "external"], "n": ["shared", "external"], "s": ["all"], "a": ["all"]},
	"network:ports:list": {"r": ["projects", "parents"], "n": [], "s": ["all"], "a": ["all"]},
	"network:security_groups:list": {"r": ["projects", "shared"], "n": ["shared"], "s": ["shared"], "a": ["all"]},
	"network:security_group_rules:list": {"r": ["parents"], "n": [], "s": [], "a": ["all"]},
	"network:address_groups:list": {"r": ["projects", "shared"], "n": ["shared"], "s": ["shared"], "a": ["all"]},
	"network:address_scopes:list": {"r": ["projects", "shared"], "n": ["shared"], "s": ["shared"], "a": ["all"]},
	"network:subnetpools:list": {"r": ["projects", "shared"], "n": ["shared"], "s": ["shared"], "a": ["all"]},
	"network:rbac_policies:list": {"r": ["projects"], "n": [], "s": [], "a": ["all"]},
	"network:network_ip_availabilities:list": {"r": [], "n": [], "s": ["all"], "a": ["all"]},
	"network:agents:list": {"r": [], "n": [], "s": [], "a": ["all"]},
	"network:segments:list": {"r": [], "n": [], "s": [], "a": ["all"]},
	"network:routers:list": {"r": ["projects"], "n": [], "s": [], "a": ["all"]},
	"network:floatingips:list": {"r": ["projects"], "n": [], "s": [], "a": ["all"]},
	"network:floatingip_pools:list": {"r": ["projects"], "n": [], "s": [], "a": ["all"]},
	"network:trunks:list": {"r": ["projects"], "n": [], "s": [], "a": ["all"]},
	"network:qos_policies:list": {"r": ["projects", "shared"], "n": ["shared"], "s": ["shared"], "a": ["all"]},
	"image:images:list": {"r": ["projects", "members", "public", "community"], "a": ["all"]},
	"image:metadef_namespaces:list": {"r": ["projects", "public"], "a": ["all"]},
}

test_lists := [case |
	some action
	row := expected[action]
	some letter
	role := askers[letter]
	case := {
		"name": concat(" ", [action, letter]),
		"input": {
			"action": action,
			"principal": {"user_id": "u1", "project_id": "p1", "roles": roles[role]},
			"target": own,
		},
		"want": {"allow": allowed(row, letter), "visible": true, "scopes": scopes(row, letter)},
	}
]

askers := {"r": "reader", "n": "auditor", "s": "service", "a": "admin"}

allowed(row, letter) if row[letter]

allowed(row, letter) := false if not row[letter]

scopes(row, letter) := null if not row[letter]

scopes(row, letter) := scope(row[letter]) if row[letter]

scope(words) := {
	"all": "all" in words,
	"projects": ["p1" | "projects" in words],
	"users": ["u1" | "users" in words],
	"parents": ["p1" | "parents" in words],
	"members": ["p1" | "members" in words],
	"shared": "shared" in words,
	"external": "external" in words,
	"visibilities": [v | some v in ["public", "community"]; v in words],
}

# Of all projects, as only an admin may ask.
of_all := [
	"compute:servers:list",
	"compute:servers:detail",
	"compute:server_groups:list",
	"compute:migrations:list",
]

test_all_projects := [case |
	some action in of_all
	some role in ["manager", "admin"]
	case := {
		"name": concat(" ", [action, role]),
		"input": {
			"action": action,
			"principal": {"user_id": "u1", "project_id": "p1", "roles": roles[role]},
			"target": object.union(own, {"all_projects": true}),
		},
		"want": {"allow": role == "admin", "visible": true, "scopes": all_or_nothing[role]},
	}
]

all_or_nothing := {"manager": null, "admin": scope(["all"])}

# "true" is not true: it asks for nothing more.
test_all_projects_as_text := {
	"input": {
		"action": "compute:servers:detail",
		"principal": {"user_id": "u1", "project_id": "p1", "roles": roles.admin},
		"target": object.union(own, {"all_projects": "true"}),
	},
	"want": {"allow": true, "scopes": scope(["projects"])},
}

# Where nobody can ask for all projects, asking is refused.
test_all_projects_unknown := {
	"input": {
		"action": "network:networks:list",
		"principal": {"user_id": "u1", "project_id": "p1", "roles": roles.admin},
		"target": object.union(own, {"all_projects": true}),
	},
	"want": {"allow": false, "denied": ["all_projects"], "scopes": null},
}

# Key pairs are a user's: another's are an admin's to list.
test_key_pairs_of_another := [
	{
		"name": "member",
		"input": {
			"action": "compute:keypairs:list",
			"principal": {"user_id": "u1", "project_id": "p1", "roles": roles.member},
			"target": {"user_id": "u2"},
		},
		"want": {"allow": false, "rules": ["os_compute_api:os-keypairs:index"], "scopes": null},
	},
	{
		"name": "admin",
		"input": {
			"action": "compute:keypairs:list",
			"principal": {"user_id": "u1", "project_id": "p1", "roles": roles.admin},
			"target": {"user_id": "u2"},
		},
		"want": {"allow": true, "scopes": object.union(scope([]), {"users": ["u2"]})},
	},
]

# Who may read a field for two reasons is told of it once.
test_revealed_once := {
	"input": {
		"action": "network:ports:show",
		"principal": {"user_id": "u1", "project_id": "p1", "roles": ["service", "admin"]},
		"target": own,
	},
	"want": {"reveals": array.concat(binding, port)},
}

# Fields that only some may read, of an object and of a list of them.
revealed := {
	"compute:servers:show": {"admin": ["extended_attributes", "host_status"], "service": [], "member": []},
	"compute:servers:list": {"admin": ["extended_attributes", "host_status"], "member": []},
	"compute:servers:detail": {"admin": ["extended_attributes", "host_status"], "member": []},
	"compute:server_instance_actions:show": {"admin": ["events", "events_details"], "member": []},
	"network:networks:show": {"admin": network, "service": [], "member": []},
	"network:networks:list": {"admin": network, "service": [], "member": []},
	"network:subnets:show": {"admin": ["segment_id"], "service": [], "member": []},
	"network:ports:show": {"admin": array.concat(binding, port), "service": binding, "member": []},
	"network:ports:list": {"admin": array.concat(binding, port), "service": binding, "member": []},
	"network:routers:show": {"admin": ["distributed", "ha"], "service": [], "member": []},
}

network := ["segments", "provider:network_type", "provider:physical_network", "provider:segmentation_id"]

binding := ["binding:vif_type", "binding:vif_details", "binding:host_id", "binding:profile"]

port := ["resource_request", "hints", "trusted"]

test_reveals := [case |
	some action
	row := revealed[action]
	some role
	fields := row[role]
	case := {
		"name": concat(" ", [action, role]),
		"input": {
			"action": action,
			"principal": {"user_id": "u1", "project_id": "p1", "roles": roles[role]},
			"target": own,
		},
		"want": {"reveals": fields},
	}
]
