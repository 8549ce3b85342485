# Who may do what in a region: the one decision that every request of the Public Infra API asks for.
#
# What may be done is data: data.gurum.actions.<service>.<resource>.<verb> is a row that names the
# service's own rule and says which role reaches how far. This file only reads the table, so that
# adding a route is adding a row.
#
# Everything is denied until a row allows it. Fields are checked for their type before use: under
# strict built-in errors a wrong type would be an engine error, which is a denial without a reason.
#
# It is written for the embedded engine's costs too (docs/policy.md, Cost): what may be absent is a rule with a
# default rather than object.get, nothing is collected into a set, and what cannot matter is not asked.
package gurum.authz

import rego.v1

default decision := {
	"allow": false,
	"visible": false,
	"reason": "the input is malformed, or its action or rule is unknown",
	"rule": "",
	"rules": [],
	"denied": [],
	"reveals": [],
	"scopes": null,
}

decision := {
	"allow": allow,
	"visible": visible,
	"reason": reason,
	"rule": rules[0],
	"rules": rules,
	"denied": denied,
	"reveals": reveals,
	"scopes": scopes,
} if {
	is_array(input.principal.roles)
	is_object(target)
	is_array(attributes)
	is_string(device_owner)
	expected in ["", row.rule]
}

# --- the input, what is left out at its default ------------------------------------------------------

default expected := ""

expected := input.rule

target := input.target

default attributes := []

attributes := target.attributes

default device_owner := ""

device_owner := target.device_owner

# --- the table -------------------------------------------------------------------------------------

name := split(input.action, ":") if is_string(input.action)

row := data.gurum.actions[name[0]][name[1]][name[2]] if count(name) == 3

default lists := false

lists := row.lists

# What is asked beyond the action itself: the attributes written, and "of all projects".
asked := array.concat(attributes, ["all_projects"]) if {
	of_all_projects
} else := attributes

of_all_projects if target.all_projects == true

default plain := []

plain := data.gurum.plain[row.plain]

# Those that the table does not pass as plain: each needs a row of its own, and is refused without one.
special := [a | some a in asked; not a in plain]

default ruled := {}

ruled := row.attributes

rules := array.concat([row.rule], [ruled[a].rule | some a in special])

# --- the principal ---------------------------------------------------------------------------------

# Only a token of a project acts in a region, as the services' own scope_types have it. Being nobody's
# must never match: null is not a project.
project := id if {
	id := input.principal.project_id
	is_string(id)
	id != ""
	not of_system
}

of_system if {
	scope := input.principal.system_scope
	not scope in [null, false, ""]
}

user := id if {
	id := input.principal.user_id
	is_string(id)
	id != ""
}

# Role names are compared without case, as Keystone and oslo.policy do. input.principal.is_admin is
# for policies that want it: this one trusts roles alone.
roles := [lower(role) | some role in input.principal.roles; is_string(role)]

everyones_roles := array.concat(roles, ["anyone"])

# --- the target ------------------------------------------------------------------------------------

# The scopes that hold, the commonest first: the engine tries them in this order.
reached(scope) if {
	scope == "project"
	target.project_id == project
} else if {
	scope == "any"
} else if {
	scope == "parent"
	target.parent_project_id == project
} else if {
	scope == "shared"
	target.shared == true
} else if {
	scope == "user"
	target.user_id == user
} else if {
	scope == "external"
	target.router_external == true
} else if {
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
	target.project_id == project
	free
} else if {
	scope == "free port of parent"
	target.parent_project_id == project
	free
}

free if not regex.match(`^(compute|baremetal|manila):`, device_owner)

# Whether what a row (or a row's attribute) allows, role -> scopes, allows the principal.
granted(grants) if {
	some who in roles
	some scope in grants[who]
	reached(scope)
} else if {
	some scope in grants.anyone
	reached(scope)
}

# --- the decision ----------------------------------------------------------------------------------

default allow := false

allow if {
	project
	user
	count(denied) == 0
}

denied := refused if {
	base_granted
} else := array.concat([row.rule], refused)

# A list is asked before there is an object: holding the role is enough, the scopes narrow the rest. Not so where it
# is one user's list (key pairs), which may be asked for another user.
base_granted if {
	by_role
	some who in everyones_roles
	row.allow[who]
} else if {
	not by_role
	granted(row.allow)
}

by_role if {
	lists
	not row.narrow == "user"
}

refused := [object.get(ruled, [a, "rule"], a) | some a in special; not attribute_granted(a)]

attribute_granted(a) if granted(ruled[a].allow)

reason := "granted" if {
	allow
} else := "the token is not of a project" if {
	not project
} else := "the token names no user" if {
	not user
} else := "no grant applies"

# May the principal see the target at all: 404 rather than 403 when not.
visible if {
	allow
} else if {
	project
	not row.see
} else if {
	project
	granted(view)
} else := false

view := data.gurum.views[seen]

view := data.gurum.actions[name[0]][seen].show.allow

seen := row.see

seen := row.lists

# Fields of an answer that only some may read, and that this principal may. A list shows what its objects show.
reveals := [a | some a in shown.reveals; granted(shown.attributes[a].allow)]

shown := row if not lists

shown := data.gurum.actions[name[0]][lists].show if lists

# --- a list is one decision that says what it may contain -------------------------------------------

default scopes := null

scopes := everything if {
	lists
	allow
	"any" in reach
} else := {
	"all": false,
	"projects": [project | "project" in reach],
	"users": [target.user_id | "user" in reach],
	"parents": [project | "parent" in reach],
	"members": [project | "member" in reach],
	"shared": "shared" in reach,
	"external": "external" in reach,
	"visibilities": [v | some v in ["public", "community"]; v in reach],
} if {
	lists
	allow
}

everything := {
	"all": true,
	"projects": [],
	"users": [],
	"parents": [],
	"members": [],
	"shared": false,
	"external": false,
	"visibilities": [],
}

reach := [row.narrow] if {
	row.narrow
	not of_all_projects
} else := [scope | some who in everyones_roles; some scope in view[who]]
