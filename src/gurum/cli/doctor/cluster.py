"""The cluster: its version, what must be installed in it, its namespaces, and the rights of our accounts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gurum.cli.doctor.findings import Finding, missing, unknown, well
from gurum.cli.doctor.rights import rights_of
from gurum.ops.config import Config, ConfigError
from gurum.store.contract import UnavailableError
from gurum.store.kubernetes import crds, install
from gurum.store.kubernetes.access import access
from gurum.store.kubernetes.beside import BESIDE
from gurum.store.kubernetes.client import Client
from gurum.store.kubernetes.kinds import DOMAIN, PLACES, PROJECT_LABEL, SYSTEM, VERSION, namespace_of

Document = dict[str, Any]

AREA = "cluster"
OLDEST = (1, 32)  # selectable fields of custom resources, and admission policies, are stable since
PATIENCE = 3.0  # seconds

_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_APPLY = "helm upgrade, or: gurum kubernetes {} | kubectl apply --server-side -f -"


async def look(config: Config, processes: tuple[str, ...], accounts: str) -> list[Finding]:
    """Return what is found of the cluster that `store.url` names, as whoever we are there."""
    try:
        client = Client(access(config.store.url, "gurum"), manager="gurum", patience=PATIENCE)
    except (ConfigError, OSError) as error:
        return [missing(AREA, "access", str(error), "store.url, or the file that it names")]
    try:
        first, serves = await _version(client)
        found = [first]
        if not serves:
            return found
        found += [await _definitions(client), await _guard(client), await _namespaces(client)]
    except (UnavailableError, OSError) as error:
        return [missing(AREA, "API server", str(error), "is it up, and reached from here?")]
    finally:
        await client.close()
    for process in processes:
        found.append(await rights_of(config.store.url, f"gurum-{process}", accounts, PATIENCE))
    return found


async def _version(client: Client) -> tuple[Finding, bool]:
    """Return what is found of the server itself, and whether there is any sense in asking it more."""
    try:
        answer = await client.get("/version")
    except (UnavailableError, OSError) as error:
        return missing(AREA, "API server", str(error), "is it up, and reached from here?"), False
    if answer.status == 401:
        remedy = "the token or certificate of store.url"
        return missing(AREA, "API server", "it does not know who we are (401)", remedy), False
    if answer.status != 200:
        return unknown(AREA, "API server", f"it does not say its version ({answer.status})"), True
    told = answer.json()
    number = tuple(int("".join(filter(str.isdigit, told[part]))) for part in ("major", "minor"))
    oldest = ".".join(map(str, OLDEST))
    if number < OLDEST:
        words = f"{told['gitVersion']} is older than {oldest}"
        return missing(AREA, "API server", words, f"Kubernetes {oldest} or newer"), True
    return well(AREA, "API server", str(told["gitVersion"])), True


async def _definitions(client: Client) -> Finding:
    absent, other, unseen = [], [], False
    for wanted in crds.all():
        name = wanted["metadata"]["name"]
        answer = await client.get(f"{_DEFINITIONS}/{name}")
        if answer.status == 403:
            unseen = True
            break
        if answer.status == 404:
            absent.append(name)
        elif answer.status == 200 and (where := _differs(wanted["spec"], answer.json()["spec"], "spec")):
            other.append(f"{name} ({where})")
    if unseen:
        absent = await _unserved(client)
    whole = len(crds.all())
    if absent or other:
        told = "; ".join(
            f"{len(names)} of {whole} {word}: {_few(names)}"
            for names, word in ((absent, "are missing"), (other, "are another release's"))
            if names
        )
        return missing(AREA, "definitions", told, _APPLY.format("crds"))
    if unseen:
        return unknown(
            AREA, "definitions", f"{whole} are served; whether as this release has them, this account may not see"
        )
    return well(AREA, "definitions", f"{whole}, as this release has them")


async def _unserved(client: Client) -> list[str]:
    """Return the kinds that the API server does not serve: everybody who signs in may ask for that."""
    absent: list[str] = []
    places = [*PLACES.values(), *(row.place for row in BESIDE.values())]
    for group in sorted({place.group for place in places}):
        answer = await client.get(f"/apis/{group}/{VERSION}")
        served = {one["name"] for one in answer.json()["resources"]} if answer.status == 200 else set()
        wanted = {place.plural for place in places if place.group == group}
        absent += [f"{name}.{group}" for name in sorted(wanted - served)]
    return absent


async def _guard(client: Client) -> Finding:
    for wanted in install.admission():
        kind, name = wanted["kind"], wanted["metadata"]["name"]
        answer = await client.get(install.path(wanted))
        if answer.status == 403:
            return unknown(AREA, "guard", "this account may not see admission policies")
        if answer.status != 200:
            return missing(
                AREA, "guard", f"the {kind} {name} is missing: people could forge ids", _APPLY.format("admission")
            )
        if where := _differs(wanted["spec"], answer.json()["spec"], "spec"):
            return missing(
                AREA, "guard", f"the {kind} {name} is another release's ({where})", _APPLY.format("admission")
            )
    return well(AREA, "guard", "people cannot write what only Gurum may say of an object")


async def _namespaces(client: Client) -> Finding:
    answer = await client.get("/api/v1/namespaces")
    if answer.status != 200:
        return unknown(AREA, "namespaces", f"this account may not list namespaces ({answer.status})")
    wrong, projects, shared = [], 0, False
    for namespace in answer.json()["items"]:
        name, labels = namespace["metadata"]["name"], namespace["metadata"].get("labels", {})
        shared = shared or name == SYSTEM
        if name.startswith("project-"):
            projects += 1
            project = labels.get(PROJECT_LABEL, "")
            if not project or namespace_of(project) != name:
                wrong.append((name, PROJECT_LABEL))
        if (name == SYSTEM or name.startswith("project-")) and labels.get(f"{DOMAIN}/managed") != "true":
            wrong.append((name, f"{DOMAIN}/managed"))
    if wrong:
        name, label = wrong[0]
        value = "true" if label != PROJECT_LABEL else name.removeprefix("project-")
        told = f"{len(wrong)} labels are missing or wrong: {_few([f'{name} {label}' for name, label in wrong])}"
        return missing(AREA, "namespaces", told, f"kubectl label --overwrite namespace {name} {label}={value}")
    if not shared:
        return missing(AREA, "namespaces", f"{SYSTEM} is missing", "helm upgrade; or the first engine makes it")
    return well(AREA, "namespaces", f"{SYSTEM}, and of {projects} projects")


def _differs(wanted: Any, there: Any, path: str) -> str:
    """Return where the API server has something else than is wanted, empty for nowhere.

    What a server adds by itself (defaults) is no difference, but in a schema, to which it adds nothing.
    """
    if isinstance(wanted, Mapping) and isinstance(there, Mapping):
        whole = "openAPIV3Schema" in path
        extra = sorted(there.keys() - wanted.keys()) if whole else []
        return next(_differences(wanted, there, path), "") or (f"{path}.{extra[0]}" if extra else "")
    if isinstance(wanted, list) and isinstance(there, list) and len(wanted) == len(there):
        pairs = enumerate(zip(wanted, there, strict=True))
        return next((at for n, (a, b) in pairs if (at := _differs(a, b, f"{path}[{n}]"))), "")
    return "" if wanted == there else path


def _differences(wanted: Mapping[str, Any], there: Mapping[str, Any], path: str) -> Iterator[str]:
    for name, value in wanted.items():
        if name not in there:
            yield f"{path}.{name}"
        elif where := _differs(value, there[name], f"{path}.{name}"):
            yield where


def _few(names: list[str], at_most: int = 4) -> str:
    more = len(names) - at_most
    return ", ".join(names[:at_most]) + (f" and {more} more" if more > 0 else "")
