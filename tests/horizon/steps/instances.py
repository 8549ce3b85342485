"""Instances: the list, a server's page with its tabs, and what can be done with a server."""

from __future__ import annotations

from tests.horizon.journey import Step
from tests.horizon.page import Row
from tests.horizon.steps import key_pairs, launch, networks, security_groups
from tests.horizon.visit import UnexpectedError, Visit, cell, contains, expect

PAGE = "Instances"
PATH, TABLE = "/project/instances/", "instances"
NAME = "horizon-renamed"
LAUNCHED = f"{launch.PAGE}: launch"
CONSOLE = (
    r"POST /v2\.1/servers/[-0-9a-f]+/(action|remote-consoles) 400$",
    r"Recoverable error: No available console found",
)
PAUSE = (r"POST /v2\.1/servers/[-0-9a-f]+/action 501$", r"'paused instance', .*not supported")


def tab(visit: Visit, name: str) -> str:
    """Return the address of a tab of the server's page."""
    return f"{PATH}{visit.kept['server']}/?tab=instance_details__{name}"


def row(visit: Visit, **wanted: str) -> Row:
    """Wait until the server's row is at rest and shows `wanted`."""
    return visit.settled(PATH, TABLE, visit.kept["name"], **wanted)


def press(visit: Visit, action: str, said: str, **wanted: str) -> str:
    """Press a button of the server's row, and wait for what it leads to."""
    visit.press(PATH, TABLE, visit.kept["name"], action, said=f"{said}: {visit.kept['name']}")
    shown = row(visit, **wanted)
    return f"{cell(shown, 'Status')}, {cell(shown, 'Power_State')}"


def active(visit: Visit) -> str:
    """The row changes by itself, as the page's script asks for it anew."""
    found = row(visit, Status="Active", Power_State="Running", Task="None")
    real = [cell(found, name) for name in ("Image_Name", "Flavor", "Key_Pair")]
    expect(real, [visit.kept["image name"], launch.FLAVOR, key_pairs.IMPORTED], "the row")
    contains(cell(found, "IP_Address"), "10.83.1.")
    zone = cell(found, "Availability_Zone")
    if zone not in visit.site.zones:
        raise UnexpectedError(f"the zone {zone!r} is none of {visit.site.zones}")
    visit.kept["address"] = cell(found, "IP_Address")
    return f"{cell(found, 'IP_Address')} in {zone}"


def filtered(visit: Visit) -> str:
    """The filter above the list asks the API."""
    page = visit.browser.get(PATH)
    form = page.form("instances__filter__q")
    field = form.choice("instances__filter__q_field", "Instance Name")
    for text, names in ((launch.SERVER[:9], [launch.SERVER]), ("nothing-like-it", [])):
        pairs = form.filled({"instances__filter__q_field": field, "instances__filter__q": text})
        found = visit.browser.post(PATH, [*pairs, ("action", "instances__filter__q")]).table(TABLE)
        expect(found.names, names, f"servers by {text!r}")
    pairs = form.filled({"instances__filter__q_field": field, "instances__filter__q": ""})
    found = visit.browser.post(PATH, [*pairs, ("action", "instances__filter__q")]).table(TABLE)
    expect(found.names, [launch.SERVER], "servers without a filter")
    return "by name"


def overview(visit: Visit) -> str:
    facts = visit.browser.get(tab(visit, "overview")).facts()
    wanted = {
        "Name": launch.SERVER,
        "ID": visit.kept["server"],
        "Description": "launched in Horizon",
        "Status": "Active",
        "Locked": "No",
        "Flavor Name": launch.FLAVOR,
        "RAM": "512MB",
        networks.NAME: visit.kept["address"],
        "Key Name": key_pairs.IMPORTED,
        "Image Name": visit.kept["image name"],
        "purpose": "horizon",
        "Volume": "No volumes attached.",
    }
    expect({name: facts.get(name) for name in wanted}, wanted, "the facts")
    contains(facts[security_groups.NAME], "ALLOW IPv4 22/tcp from 0.0.0.0/0")
    return f"{len(facts)} facts"


def interfaces(visit: Visit) -> str:
    [port] = visit.table(tab(visit, "interfaces"), "interfaces").rows
    real = (cell(port, "Network"), cell(port, "Fixed_IPs"), cell(port, "Status"))
    expect(real, (networks.NAME, visit.kept["address"], "Active"), "the interface")
    return cell(port, "MAC_Address")


def log(visit: Visit) -> str:
    """Whole as a text, in the tab, and as scripts ask for it: all three end alike."""
    whole = visit.browser.send("GET", f"{PATH}{visit.kept['server']}/console").text
    said = [" ".join(line.split()) for line in whole.splitlines() if line.strip()]
    if not said:
        raise UnexpectedError("the console says nothing")
    contains(visit.browser.get(tab(visit, "log")).text, "Instance Console Log", said[-1])
    path = f"/api/nova/servers/{visit.kept['server']}/console-output/"
    lines = visit.browser.rest("POST", path, {"length": 2})["lines"]
    contains(" ".join(" ".join(lines).split()), said[-1])
    return f"{len(said)} lines, the last: {said[-1]}"


def console(visit: Visit) -> str:
    """The region has no console service, and the tab says so instead of failing."""
    answer = visit.browser.send("GET", tab(visit, "console"))
    expect(answer.status, 200, "the status")
    contains(answer.text, "Unable to load console.")
    return "none, as documented"


def rename(visit: Visit) -> str:
    page = visit.dialogue(
        f"{PATH}{visit.kept['server']}/update?step=instance_info&next={PATH}",
        {"name": NAME, "description": "renamed"},
        said=f'Modified instance "{NAME}".',
    )
    expect(page.table(TABLE).names, [NAME], "the servers")
    visit.kept["name"] = NAME
    expect(visit.browser.get(tab(visit, "overview")).facts()["Description"], "renamed", "the description")
    return f"{launch.SERVER} is {NAME}"


def metadata(visit: Visit) -> str:
    path = f"/api/nova/servers/{visit.kept['server']}/metadata"
    visit.browser.rest("PATCH", path, {"updated": {"colour": "blue"}, "removed": ["purpose"]})
    expect(visit.browser.rest("GET", path), {"colour": "blue"}, "the metadata")
    return "colour=blue"


def groups(visit: Visit) -> str:
    """Both groups, then the one again."""
    address = f"{PATH}{visit.kept['server']}/update?step=update_security_groups&next={PATH}"
    field = "update_security_groups_role_member"
    offered = visit.browser.get(address, script=True).form(field).choices[field]
    for wanted in (["default", security_groups.NAME], [security_groups.NAME]):
        ids = [uid for uid, name in offered.items() if name in wanted]
        visit.dialogue(address, {field: ids}, said=f'Modified instance "{NAME}".')
        facts = visit.browser.get(tab(visit, "overview")).facts()
        expect([name for name in ("default", security_groups.NAME) if name in facts], wanted, "the security groups")
    return security_groups.NAME


def second(visit: Visit) -> str:
    """Attach a second interface, and detach it."""
    values: dict[str, str | list[str]] = {"specification_method": "network", "network": visit.kept["network"]}
    visit.dialogue(f"{PATH}{visit.kept['server']}/attach_interface", values, said="Attaching interface for instance")
    ports = visit.table(tab(visit, "interfaces"), "interfaces").rows
    expect(len(ports), 2, "interfaces")
    [new] = [port for port in ports if cell(port, "Fixed_IPs") != visit.kept["address"]]
    visit.settled(tab(visit, "interfaces"), "interfaces", new.id, Status="Active")
    path = f"{PATH}{visit.kept['server']}/detach_interface"
    visit.dialogue(path, {"port": new.id}, said="Detached interface")
    visit.gone(tab(visit, "interfaces"), "interfaces", new.name)
    return cell(new, "Fixed_IPs")


def pause(visit: Visit) -> str:
    """What the cloud cannot do is refused aloud, and nothing happens."""
    page = visit.browser.get(PATH)
    pairs = page.form("csrfmiddlewaretoken", action=PATH).filled({})
    value = page.table(TABLE).row(visit.kept["name"]).action("pause")
    told = visit.browser.tell(PATH, [*pairs, ("action", value)])
    contains(" ".join(told.errors()), f"Unable to pause instance: {visit.kept['name']}")
    expect(cell(row(visit), "Status"), "Active", "the status")
    return "refused"


def lock(visit: Visit) -> str:
    press(visit, "lock", "Locked Instance")
    expect(visit.browser.get(tab(visit, "overview")).facts()["Locked"], "Yes", "Locked")
    press(visit, "unlock", "Unlocked Instance")
    expect(visit.browser.get(tab(visit, "overview")).facts()["Locked"], "No", "Locked")
    return "and unlocked"


def soft(visit: Visit) -> str:
    return press(visit, "soft_reboot", "Soft Rebooted Instance", Status="Active", Task="None")


def hard(visit: Visit) -> str:
    return press(visit, "reboot", "Hard Rebooted Instance", Status="Active", Task="None")


def stop(visit: Visit) -> str:
    return press(visit, "stop", "Shut Off Instance", Status="Shutoff", Power_State="Shut Down")


def start(visit: Visit) -> str:
    return press(visit, "start", "Started Instance", Status="Active", Power_State="Running")


def scripted(visit: Visit) -> str:
    """Stop and start as scripts do."""
    path = f"/api/nova/servers/{visit.kept['server']}"
    visit.browser.rest("POST", path, {"operation": "stop"})
    row(visit, Status="Shutoff", Task="None")
    visit.browser.rest("POST", path, {"operation": "start"})
    row(visit, Status="Active", Task="None")
    return visit.browser.rest("GET", path)["status"]  # type: ignore[no-any-return]  # JSON


def actions(visit: Visit) -> str:
    """The action log tells all that was done, the last first."""
    rows = visit.table(tab(visit, "audit"), "audit").rows
    done = [cell(action, "Action") for action in rows]
    wanted = ["Start", "Stop", "Start", "Stop", "Reboot", "Reboot"]
    expect([name for name in done if name in wanted], wanted, "the actions")
    expect(done[-1], "Create", "the first action")
    return f"{len(done)} actions"


STEPS = (
    Step(PAGE, "become active", active, (LAUNCHED,)),
    Step(PAGE, "filter", filtered, ("become active",)),
    Step(PAGE, "details: overview", overview, ("become active",)),
    Step(PAGE, "details: interfaces", interfaces, ("become active",)),
    Step(PAGE, "details: console log", log, ("become active",)),
    Step(PAGE, "details: console, which there is not", console, ("become active",), CONSOLE),
    Step(PAGE, "rename", rename, ("become active",)),
    Step(PAGE, "metadata", metadata, ("become active",)),
    Step(PAGE, "security groups", groups, ("rename",)),
    Step(PAGE, "a second interface", second, ("become active",)),
    Step(PAGE, "lock and unlock", lock, ("become active",)),
    Step(PAGE, "pause, which the cloud cannot", pause, ("become active",), PAUSE),
    Step(PAGE, "reboot", soft, ("become active",)),
    Step(PAGE, "reboot hard", hard, ("reboot",)),
    Step(PAGE, "stop", stop, ("reboot hard",)),
    Step(PAGE, "start", start, ("stop",)),
    Step(PAGE, "stop and start by script", scripted, ("start",)),
    Step(PAGE, "details: action log", actions, ("stop and start by script",)),
)
