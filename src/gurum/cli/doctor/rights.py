"""Whether an account has every right that its process needs, and not all rights that there are."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from gurum.cli.doctor.findings import Finding, missing, unknown, well
from gurum.ops.config import ConfigError
from gurum.store.contract import UnavailableError
from gurum.store.kubernetes import rights, secret_rights
from gurum.store.kubernetes.access import access
from gurum.store.kubernetes.client import Client

AREA = "rights"
_SELF = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_OTHERS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
_AT_ONCE = 8

Attributes = dict[str, str]


class _UnseenError(Exception):
    """We may not ask."""


async def rights_of(url: str, process: str, accounts: str, patience: float) -> Finding:
    """Return what a process may not do that it must.

    accounts: `namespace/release` of the chart, whose service account is asked about; empty: we ourselves are, as
    whoever `process` is in the file that the URL names.
    """
    namespace, _, release = accounts.partition("/")
    user = f"system:serviceaccount:{namespace}:{release}-{process.removeprefix('gurum-')}" if accounts else ""
    try:
        client = Client(access(url, process), manager=process, patience=patience)
    except (ConfigError, OSError) as error:
        return missing(AREA, process, str(error), "store.url, or the file that it names")
    try:
        wanted = list(needed(process))
        lacking = await _lacking(client, wanted, user)
        everything = not await _lacking(client, [{"group": "*", "resource": "*", "verb": "*"}], user)
    except _UnseenError:
        return unknown(AREA, process, f"this account may not ask what {user} may do", "ask as an administrator")
    except (UnavailableError, OSError) as error:
        return missing(AREA, process, str(error), "is the API server up, and reached from here?")
    finally:
        await client.close()
    who = user or "this account"
    if lacking:
        named = ", ".join(_words(one) for one in lacking[:4]) + (f" and {len(lacking) - 4} more" if lacking[4:] else "")
        remedy = (
            f"helm upgrade; or: gurum kubernetes rbac | kubectl apply -f -, and bind what is called {process} there"
        )
        return missing(AREA, process, f"{who} lacks {len(lacking)} of {len(wanted)}: {named}", remedy)
    if everything and not user:
        return unknown(AREA, process, "this account may do everything: ask about the processes' own with --accounts")
    if everything:
        return missing(AREA, process, f"{who} may do everything", f"bind it to the ClusterRole {process} alone")
    return well(AREA, process, f"{who} has all {len(wanted)}")


def needed(process: str) -> Iterator[Attributes]:
    """Yield every verb of every resource of the process's roles: in all namespaces, or in the one of a role."""
    for role in (*rights.all(), *secret_rights.roles()):
        meta = role["metadata"]
        within = {"namespace": meta["namespace"]} if "namespace" in meta else {}
        for rule in role["rules"] if meta["name"] == process else ():
            for group in rule["apiGroups"]:
                for resource in rule["resources"]:
                    name, _, part = resource.partition("/")
                    for verb in rule["verbs"]:
                        part_of = {"subresource": part} if part else {}
                        yield {"group": group, "resource": name, "verb": verb} | part_of | within


async def _lacking(client: Client, wanted: list[Attributes], user: str) -> list[Attributes]:
    turn = asyncio.Semaphore(_AT_ONCE)

    async def allowed(one: Attributes) -> bool:
        spec: dict[str, Any] = {"resourceAttributes": one} | ({"user": user} if user else {})
        if user:
            spec["groups"] = ["system:serviceaccounts", "system:authenticated"]
        document = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview" if user else "SelfSubjectAccessReview",
            "spec": spec,
        }
        async with turn:
            answer = await client.create(_OTHERS if user else _SELF, document)
        if answer.status == 403:
            raise _UnseenError
        if answer.status != 201:
            raise UnavailableError(f"the API server refuses to say ({answer.status}): {answer.message[:200]}")
        return bool(answer.json()["status"].get("allowed"))

    answers = await asyncio.gather(*(allowed(one) for one in wanted))
    return [one for one, well_ in zip(wanted, answers, strict=True) if not well_]


def _words(one: Attributes) -> str:
    part = f"/{one['subresource']}" if "subresource" in one else ""
    where = f" in {one['namespace']}" if "namespace" in one else ""
    return f"{one['verb']} {one['resource']}{part}{where}"
