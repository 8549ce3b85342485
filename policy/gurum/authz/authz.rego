# Who may do what in a region: the one decision that every request of the Public Infra API asks for.
#
# What may be done is data: data.gurum.actions.<service>.<resource>.<verb> is a row that names the
# service's own rule and says which role reaches how far. This file only reads the table, so that
# adding a route is adding a row.
#
# Everything is denied until a row allows it. Fields are checked for their type before use: under
# strict built-in errors a wrong type would be an engine error, which is a denial without a reason.
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
	"rule": row.rule,
	"rules": rules,
	"denied": denied,
	"reveals": reveals,
	"scopes": scopes,
} if {
	row.rule
	well_formed
}

well_formed if {
	is_array(input.principal.roles)
	is_object(input.target)
	is_array(attributes)
	is_string(object.get(input.target, "device_owner", ""))
	object.get(input, "rule", "") in {"", row.rule}
}

# --- the table -------------------------------------------------------------------------------------

name := split(input.action, ":") if is_string(input.action)

row := data.gurum.actions[name[0]][name[1]][name[2]] if count(name) == 3

attributes := object.get(input.target, "attributes", [])

# What is asked beyond the action itself: the attributes written, and "of all projects".
asked := attributes if not of_all_projects

asked := array.concat(attributes, ["all_projects"]) if of_all_projects

of_all_projects if input.target.all_projects == true

rules := array.concat([row.rule], [r.rule | some a in asked; r := row.attributes[a]])

# --- the principal ---------------------------------------------------------------------------------

# Only a token of a project acts in a region, as the services' own scope_types have it. Being nobody's
# must never match: null is not a project.
project := input.principal.project_id if {
	is_string(input.principal.project_id)
	input.principal.project_id != ""
	object.get(input.principal, "system_scope", null) in {null, false, ""}
}

user := input.principal.user_id if {
	is_string(input.principal.user_id)
	input.principal.user_id != ""
}

# Role names are compared without case, as Keystone and oslo.policy do. input.principal.is_admin is
# for policies that want it: this one trusts roles alone.
roles contains lower(role) if {
	some role in input.principal.roles
	is_string(role)
}

roles contains "anyone"

# --- the target ------------------------------------------------------------------------------------

reached contains "any"

reached contains "project" if input.target.project_id == project

reached contains "user" if input.target.user_id == user

reached contains "parent" if input.target.parent_project_id == project

reached contains "shared" if input.target.shared == true

reached contains "external" if input.target.router_external == true

reached contains "public" if input.target.visibility == "public"

reached contains "community" if input.target.visibility == "community"

reached contains "member" if input.target.member_id == project

reached contains "one project" if not input.target.wildcard

reached contains "ordinary device" if not startswith(input.target.device_owner, "network:")

reached contains "free port of project" if {
	input.target.project_id == project
	free
}

reached contains "free port of parent" if {
	input.target.parent_project_id == project
	free
}

free if not regex.match(`^(compute|baremetal|manila):`, input.target.device_owner)

# --- the decision ----------------------------------------------------------------------------------

# The same three lines stand wherever a table row is held against the principal: a function would be
# shorter, but the embedded engine works out every rule anew in each call.
default allow := false

allow if {
	project
	user
	base_granted
	count(attributes_denied) == 0
}

base_granted if {
	not row.lists
	some who in roles
	some scope in row.allow[who]
	scope in reached
}

# A list is asked before there is an object: holding the role is enough, the scopes narrow the rest. Not so where it
# is one user's list (key pairs), which may be asked for another user.
base_granted if {
	row.lists
	not of_one_user
	some who in roles
	row.allow[who]
}

base_granted if {
	of_one_user
	some who in roles
	some scope in row.allow[who]
	scope in reached
}

of_one_user if row.narrow == "user"

attributes_granted contains a if {
	some a in asked
	some who in roles
	some scope in row.attributes[a].allow[who]
	scope in reached
}

# An attribute that the table knows neither by a row nor as plain is not written.
attributes_granted contains a if {
	some a in asked
	a in data.gurum.plain[row.plain]
}

attributes_denied := [a | some a in asked; not a in attributes_granted]

denied := array.concat(
	[row.rule | not base_granted],
	[object.get(row, ["attributes", a, "rule"], a) | some a in attributes_denied],
)

reason := "granted" if {
	allow
} else := "the token is not of a project" if {
	not project
} else := "the token names no user" if {
	not user
} else := "no grant applies"

# --- may the principal see the target at all: 404 rather than 403 when not --------------------------

visible if {
	allow
} else if {
	project
	not row.see
} else if {
	project
	some who in roles
	some scope in view[who]
	scope in reached
} else := false

view := data.gurum.views[seen]

view := data.gurum.actions[name[0]][seen].show.allow

seen := row.see

seen := row.lists

# Fields of an answer that only some may read, and that this principal may. A list shows what its objects show.
reveals := [a | some a in shown.reveals; a in readable]

readable contains a if {
	some a in shown.reveals
	some who in roles
	some scope in shown.attributes[a].allow[who]
	scope in reached
}

shown := row if not row.lists

shown := data.gurum.actions[name[0]][row.lists].show if row.lists

# --- a list is one decision that says what it may contain -------------------------------------------

default scopes := null

scopes := everything if {
	row.lists
	allow
	"any" in reach
}

scopes := {
	"all": false,
	"projects": [project | "project" in reach],
	"users": [input.target.user_id | "user" in reach],
	"parents": [project | "parent" in reach],
	"members": [project | "member" in reach],
	"shared": "shared" in reach,
	"external": "external" in reach,
	"visibilities": [v | some v in ["public", "community"]; v in reach],
} if {
	row.lists
	allow
	not "any" in reach
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

narrowed if {
	row.narrow
	not of_all_projects
}

reach contains row.narrow if narrowed

reach contains scope if {
	not narrowed
	some who in roles
	some scope in view[who]
}
