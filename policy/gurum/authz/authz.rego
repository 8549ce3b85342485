# Who may do what in a region: the one decision that every request of the Public Infra API asks for.
#
# What may be done is data. data.gurum.actions.<service>.<resource>.<verb> is a row that names the service's own rule
# and says which role reaches how far, so that adding a route is adding a row. What is read here is
# data.gurum.prepared, the same rows with all worked out that depends on the table alone (gurum policy prepare).
#
# Everything is denied until a row allows it. Fields are checked for their type before use: under
# strict built-in errors a wrong type would be an engine error, which is a denial without a reason.
#
# It is written for the embedded engine's costs too (docs/policy.md, Cost): what is granted is decided before what is
# denied, a scope that was found is not looked for further, and the decision is made as an array and then named.
package gurum.authz

import rego.v1

# --- the decision ----------------------------------------------------------------------------------

decision := {
	"allow": answer[0],
	"visible": answer[1],
	"reason": answer[2],
	"rule": answer[3],
	"rules": answer[4],
	"denied": answer[5],
	"reveals": answer[6],
	"scopes": named_scopes,
}

default named_scopes := null

named_scopes := {
	"all": answer[7][0],
	"projects": answer[7][1],
	"users": answer[7][2],
	"parents": answer[7][3],
	"members": answer[7][4],
	"shared": answer[7][5],
	"external": answer[7][6],
	"visibilities": answer[7][7],
}

# The same without names, as the embedded engine asks for it. It is granted, without attributes or with them, or
# denied, or no question at all.
answer := [true, true, "granted", row.rule, [row.rule], [], reveals, scopes] if {
	fit
	not asked
	project
	user
	granted(row.allow)
} else := [true, true, "granted", row.rule, rules, [], reveals, scopes] if {
	fit
	project
	user
	granted(row.allow)
	count(found) == count(asked)
	lacking == []
} else := [false, visible, reason, row.rule, rules, denied, reveals, null] if {
	fit
} else := [false, false, "the input is malformed, or its action or rule is unknown", "", [], [], [], null]

# --- the input, what is left out at its default ------------------------------------------------------

principal := input.principal

target := input.target

fit if {
	is_array(principal.roles)
	is_object(target)
	not unfit
}

unfit if {
	attributes := target.attributes
	not is_array(attributes)
}

unfit if {
	owner := target.device_owner
	not is_string(owner)
}

unfit if {
	given := input.rule
	not given == ""
	not given == row.rule
}

# --- the table -------------------------------------------------------------------------------------

row := data.gurum.prepared[name[0]][name[1]][name[2]]

name := parts if {
	is_string(input.action)
	parts := split(input.action, ":")
	not parts[3]
}

# --- the principal ---------------------------------------------------------------------------------

# Only a token of a project acts in a region, as the services' own scope_types have it. Being nobody's
# must never match: null is not a project.
project := id if {
	id := principal.project_id
	is_string(id)
	not id == ""
	not of_system
}

of_system if {
	scope := principal.system_scope
	not scope in [null, false, ""]
}

user := id if {
	id := principal.user_id
	is_string(id)
	not id == ""
}

# Role names are compared without case, as Keystone and oslo.policy do. input.principal.is_admin is
# for policies that want it: this one trusts roles alone.
roles := array.concat([lower(role) | some role in principal.roles; is_string(role)], ["anyone"])

# --- the target ------------------------------------------------------------------------------------

# Whether what a row (or a row's attribute) allows, role -> scopes, allows the principal.
granted(grants) if {
	held := roles
	some role in held
	some scope in grants[role]
	reached(scope)
}

# Whether a scope holds: the commonest first, the engine tries them in this order.
reached(scope) := own_project if {
	scope == "project"
} else if {
	scope == "any"
} else := own_parent if {
	scope == "parent"
} else := is_shared if {
	scope == "shared"
} else := own_user if {
	scope == "user"
} else := is_external if {
	scope == "external"
} else := seldom_reached(scope)

seldom_reached(scope) if {
	scope == "public"
	target.visibility == "public"
} else if {
	scope == "community"
	target.visibility == "community"
} else if {
	scope == "member"
	target.member_id == project
} else if {
	scope == "one project"
	not target.wildcard
} else if {
	scope == "ordinary device"
	not startswith(device_owner, "network:")
} else if {
	scope == "free port of project"
	own_project
	free
} else if {
	scope == "free port of parent"
	own_parent
	free
}

default own_project := false

own_project if target.project_id == project

default own_parent := false

own_parent if target.parent_project_id == project

default own_user := false

own_user if target.user_id == user

default is_shared := false

is_shared if target.shared == true

default is_external := false

is_external if target.router_external == true

default device_owner := ""

device_owner := target.device_owner

free if not regex.match(`^(compute|baremetal|manila):`, device_owner)

# --- what is asked beyond the action itself: the attributes written, and "of all projects" -----------

asked := array.concat(object.get(target, "attributes", []), ["all_projects"]) if {
	target.all_projects == true
} else := target.attributes

# What those need that the table knows: nothing if they are plain, a rule's name if it must be told, and an `allow`
# of their own if it asks more than the action's.
found := [need | names := asked; known := row.attributes; some a in names; need := known[a]]

rules := array.concat([row.rule], [need.rule | needs := found; some need in needs])

lacking := [need | needs := found; some need in needs; grants := need.allow; not granted(grants)]

# --- when it is denied -----------------------------------------------------------------------------

# Here what an attribute needs is read from the table itself: that the action is granted is no longer known.
denied := refused if {
	granted(row.allow)
} else := array.concat([row.rule], refused)

refused := [text | some a in asked; text := refusal(a)]

refusal(a) := a if {
	not row.attributes[a]
} else := ruled[a].rule if {
	not granted(ruled[a].allow)
}

ruled := data.gurum.actions[name[0]][name[1]][name[2]].attributes

reason := "the token is not of a project" if {
	not project
} else := "the token names no user" if {
	not user
} else := "no grant applies"

# May the principal see the target at all: 404 rather than 403 when not.
default visible := false

visible if {
	project
	not row.see
}

visible if {
	project
	granted(row.see)
}

# --- fields of an answer that only some may read, and that this principal may -------------------------

reveals := [field | some group in row.shows; granted(group.allow); some field in group.fields]

# --- a list is one decision that says what it may contain -------------------------------------------

default scopes := null

scopes := everything if {
	reach.any
} else := bounds if {
	not reach == null
}

everything := [true, [], [], [], [], false, false, []]

bounds := [
	false,
	[project | reach.project],
	[target.user_id | reach.user],
	[project | reach.parent],
	[project | reach.member],
	reach_shared,
	reach_external,
	array.concat(["public" | reach.public], ["community" | reach.community]),
]

default reach_shared := false

reach_shared if reach.shared

default reach_external := false

reach_external if reach.external

default reach := null

reach := {scope: true | some role in held; some scope in grants[role]} if {
	extents := row.reach
	grants := extents[extent]
	held := roles
}

extent := "all" if {
	target.all_projects == true
} else := "own"
