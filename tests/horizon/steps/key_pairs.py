"""Key pairs: made by the service, imported, looked at; deleted in the end."""

from __future__ import annotations

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.horizon.journey import Step
from tests.horizon.visit import Visit, contains, expect

PAGE = "Key pairs"
PATH = "/project/key_pairs/"
MADE, IMPORTED, SCRIPTED = "horizon-made", "horizon-imported", "horizon-scripted"


def empty(visit: Visit) -> str:
    expect(visit.table(PATH, "keypairs").names, [], "key pairs")
    return "none"


def create(visit: Visit) -> str:
    """The private key comes as a file, once; the page that follows says so."""
    shown = visit.browser.get(f"{PATH}create/", script=True)
    pairs = shown.form("name").filled({"name": MADE, "key_type": "ssh"})
    answer = visit.browser.form(f"{PATH}create/", pairs)
    contains(answer.headers["Content-Disposition"], f"{MADE}.pem")
    private = serialization.load_pem_private_key(answer.body.strip(), None)
    expect(answer.headers["X-Horizon-Location"], PATH, "where the page goes on")
    page = visit.browser.get(PATH)
    contains(" ".join(page.told("success")), f'Successfully created key pair "{MADE}"')
    row = page.table("keypairs").row(MADE)
    return f"{type(private).__name__.strip('_')}, {row.cells['Fingerprint']}"


def import_(visit: Visit) -> str:
    key = Ed25519PrivateKey.generate().public_key()
    form = serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    public = key.public_bytes(*form).decode() + " horizon@example"
    values: dict[str, str | list[str]] = {"name": IMPORTED, "key_type": "ssh", "public_key": public}
    page = visit.dialogue(f"{PATH}import/", values, said=f"Successfully imported public key: {IMPORTED}")
    expect(sorted(page.table("keypairs").names), sorted([MADE, IMPORTED]), "key pairs")
    return IMPORTED


def script(visit: Visit) -> str:
    """As the launch dialogue makes one."""
    made = visit.browser.rest("POST", "/api/nova/keypairs/", {"name": SCRIPTED, "key_type": "ssh"})
    expect(made["name"], SCRIPTED, "the key pair")
    contains(made["private_key"], "PRIVATE KEY")
    items = visit.browser.rest("GET", "/api/nova/keypairs/")["items"]
    names = sorted(item["name"] for item in items)
    expect(names, sorted([MADE, IMPORTED, SCRIPTED]), "key pairs")
    visit.browser.rest("DELETE", f"/api/nova/keypairs/{SCRIPTED}")
    return f"{SCRIPTED} made and deleted"


def detail(visit: Visit) -> str:
    page = visit.browser.get(f"{PATH}{IMPORTED}/")
    facts = page.facts()
    expect(facts["Name"], IMPORTED, "the name")
    contains(page.text, "ssh-ed25519")
    return f"{facts['Name']} {facts.get('Fingerprint', '')}"


STEPS = (
    Step(PAGE, "none at first", empty),
    Step(PAGE, "create, with the private key", create),
    Step(PAGE, "import", import_, ("create, with the private key",)),
    Step(PAGE, "create as the launch dialogue does", script, ("import",)),
    Step(PAGE, "details", detail, ("import",)),
)
