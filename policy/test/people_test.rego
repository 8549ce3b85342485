# Who stands before what, for the tests: a letter is somebody in front of some object.
#
# The one who asks is always user u1 with a token of project p1. The object belongs to user u2 and project p2, and
# hangs on nothing, unless the scene says otherwise.
package gurum.test.people

import rego.v1

# With the roles that Keystone implies.
roles := {
	"auditor": ["auditor"],
	"reader": ["reader"],
	"member": ["member", "reader"],
	"manager": ["manager", "member", "reader"],
	"admin": ["admin", "manager", "member", "reader"],
	"service": ["service"],
}

own := {"project_id": "p1", "user_id": "u1"}

scene(role, target) := {
	"principal": {"user_id": "u1", "project_id": "p1", "roles": roles[role]},
	"target": object.union({"project_id": "p2", "user_id": "u2"}, target),
}

scenes := {
	# their own
	"r": scene("reader", own),
	"m": scene("member", own),
	"g": scene("manager", own),
	"n": scene("auditor", {"project_id": "p1"}),
	"u": scene("auditor", {"user_id": "u1"}),
	# another project's
	"a": scene("admin", {}),
	"s": scene("service", {}),
	"t": scene("manager", {}),
	"y": scene("auditor", {}),
	# another project's, on something of their own
	"1": scene("reader", {"parent_project_id": "p1"}),
	"2": scene("member", {"parent_project_id": "p1"}),
	"3": scene("manager", {"parent_project_id": "p1"}),
	# another project's, but open to more
	"h": scene("auditor", {"shared": true}),
	"x": scene("auditor", {"router_external": true}),
	"b": scene("reader", {"visibility": "public"}),
	"B": scene("member", {"visibility": "public"}),
	"c": scene("reader", {"visibility": "community"}),
	"C": scene("member", {"visibility": "community"}),
	"i": scene("reader", {"member_id": "p1"}),
	"I": scene("member", {"member_id": "p1"}),
	"j": scene("auditor", {"member_id": "p1"}),
	# ports held by an instance or by the network service
	"d": scene("manager", object.union(own, {"device_owner": "compute:nova"})),
	"D": scene("manager", {"parent_project_id": "p1", "device_owner": "baremetal:none"}),
	"e": scene("auditor", {"shared": true, "device_owner": "network:dhcp"}),
	"E": scene("manager", object.union(own, {"device_owner": "network:dhcp"})),
	# an RBAC policy for every project
	"w": scene("member", object.union(own, {"wildcard": true})),
}

# The letters that every action is tried with; a test names more for a service or a resource.
everybody := "rmgnuasty"

cases(expected, extra) := [case |
	some key
	row := expected[key]
	words := split(key, " ")
	attributes := array.slice(words, 1, count(words))
	rules := [expected[action].rule | some action in {words[0], key}]
	path := split(words[0], ":")
	letters := concat("", [
		everybody,
		object.get(extra, path[0], ""),
		object.get(extra, concat(":", [path[0], path[1]]), ""),
	])
	seers := concat("", [row.may, object.get(row, "see", letters)])
	some letter in split(letters, "")
	who := scenes[letter]
	case := {
		"name": concat(" ", [key, letter]),
		"input": {
			"action": words[0],
			"principal": who.principal,
			"target": object.union(who.target, {"attributes": attributes}),
		},
		"want": {
			"allow": contains(row.may, letter),
			"visible": contains(seers, letter),
			"rules": rules,
		},
	}
]
