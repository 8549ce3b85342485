"""Security groups and their rules."""

from __future__ import annotations

from tests.horizon.journey import Step
from tests.horizon.visit import UnexpectedError, Values, Visit, expect

PAGE = "Security groups"
PATH = "/project/security_groups/"
TABLE = "security_groups"
FIRST, NAME = "horizon-first", "horizon-web"
RULE: Values = {"rule_menu": "tcp", "direction": "ingress", "port_or_range": "port", "port": "22", "remote": "cidr"}


def default(visit: Visit) -> str:
    """A project has its group before it has done anything."""
    rows = visit.table(PATH, TABLE)
    expect(rows.names, ["default"], "security groups")
    rules = visit.table(f"{PATH}{rows.row('default').id}/", "rules")
    expect(len(rules.rows), 4, "rules of default")
    return f"default with {len(rules.rows)} rules"


def create(visit: Visit) -> str:
    values: Values = {"name": FIRST, "description": "made in Horizon"}
    shown = visit.dialogue(f"{PATH}create/", values, said=f"Successfully created security group: {FIRST}")
    row = visit.table(PATH, TABLE).row(FIRST)
    expect(row.cells["Description"], "made in Horizon", "the description")
    visit.kept["group"] = row.id
    return f"{FIRST}, then {shown.address}"


def rename(visit: Visit) -> str:
    values: Values = {"name": NAME, "description": "renamed in Horizon"}
    visit.dialogue(f"{PATH}{visit.kept['group']}/update/", values, said=f"Successfully updated security group: {NAME}")
    row = visit.table(PATH, TABLE).row(NAME)
    expect(row.cells["Description"], "renamed in Horizon", "the description")
    return NAME


def rules(visit: Visit) -> str:
    """One port from everywhere, a range from a group, and pings."""
    path = f"{PATH}{visit.kept['group']}/"
    group = visit.kept["group"]
    wanted = (
        ({**RULE, "cidr": "0.0.0.0/0", "description": "ssh"}, ("22", "0.0.0.0/0", "-")),
        (
            {**RULE, "port_or_range": "range", "from_port": "8000", "to_port": "8080", "remote": "sg",
             "security_group": group},
            ("8000 - 8080", "-", NAME),
        ),
        ({"rule_menu": "all_icmp", "direction": "ingress", "remote": "cidr", "cidr": "10.0.0.0/8"},
         ("Any", "10.0.0.0/8", "-")),
    )  # fmt: skip
    for values, _ in wanted:
        visit.dialogue(f"{path}add_rule/", dict(values), said="Successfully added rule")
    real = {
        (row.cells["Port Range"], row.cells["Remote IP Prefix"], row.cells["Remote Security Group"])
        for row in visit.table(path, "rules").rows
        if row.cells["Direction"] == "Ingress"
    }
    expect(real, {shown for _, shown in wanted}, "the ingress rules")
    return f"{len(real)} rules in"


def remove_rule(visit: Visit) -> str:
    path = f"{PATH}{visit.kept['group']}/"
    ranges = [row for row in visit.table(path, "rules").rows if row.cells["Port Range"] == "8000 - 8080"]
    if len(ranges) != 1:
        raise UnexpectedError(f"{len(ranges)} rules for 8000 - 8080")
    visit.press(path, "rules", ranges[0].id, "delete", said="Deleted Rule")
    left = [row.cells["Port Range"] for row in visit.table(path, "rules").rows if row.cells["Direction"] == "Ingress"]
    expect(sorted(left), ["22", "Any"], "the ingress rules that are left")
    return "8000 - 8080"


STEPS = (
    Step(PAGE, "the project's default group", default),
    Step(PAGE, "create", create),
    Step(PAGE, "edit", rename, ("create",)),
    Step(PAGE, "add rules", rules, ("edit",)),
    Step(PAGE, "delete a rule", remove_rule, ("add rules",)),
)
