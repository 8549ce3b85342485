"""From an empty control plane to a store: the kinds, the guard, and who of our own may do what.

Each process signs in as itself and has exactly the rights that it has in a company's cluster, so that a right that is
missing there is missing here, where it is found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from gurum.ops.policy import PolicyConfig
from gurum.pia.signin.manifests import HOST_ROLE, documents
from gurum.policy.factory import configured
from gurum.store.contract import UnavailableError
from gurum.store.kubernetes import secret_rights, webhooks
from gurum.store.kubernetes.access import access
from gurum.store.kubernetes.client import Client
from gurum.store.kubernetes.install import INSTALLER, SERVED_SECONDS, admitted, install
from gurum.supervisor.rows import Refusal

PERSON = "gurum-operator"  # at the terminal

# Users, and the ClusterRole that each has. `gurum` are operators' commands.
RIGHTS: Mapping[str, str] = {
    PERSON: "gurum-operator",
    "gurum-pia": "gurum-pia",
    "gurum-engine": "gurum-engine",
    "gurum": "gurum-commands",
    "gurum-move": "gurum-move",
}


def sign_in(policy: PolicyConfig) -> list[dict[str, Any]]:
    """Return what a cluster has further where people sign in by tokens of Keystone, ours bound. Raises BundleError."""
    return [*documents(configured(policy)), _binding(f"embedded-{HOST_ROLE}", "gurum-pia", HOST_ROLE)]


async def define(
    kubeconfig: Path, webhook: str = "", authority: bytes = b"", further: Sequence[dict[str, Any]] = ()
) -> str:
    """Install what is missing, as the administrator; return how much that was, in words. Raises Refusal.

    `webhook` is where the API will answer about what people write (empty: nobody is asked, and nobody writes so);
    `authority` the PEM of whose certificate is believed there; `further` what else is installed.
    """
    asked = [webhooks.configuration(webhooks.url(webhook), authority)] if webhook else []
    url = f"kubernetes://{kubeconfig}"
    client = Client(access(url, ""), manager=INSTALLER)
    operator = msgspec.structs.replace(access(url, ""), user=PERSON)
    person = Client(operator, manager=INSTALLER, patience=SERVED_SECONDS)
    try:
        bindings = [_binding(f"embedded-{user}", user, role) for user, role in RIGHTS.items()]
        changed = await install(client, [*bindings, *_sealed(), *further, *asked])
        if webhook:
            await admitted(person)
    except UnavailableError as error:
        raise Refusal(f"the custom resources could not be installed: {error}") from error
    finally:
        await person.close()
        await client.close()
    return f"{changed} changes" if changed else "as it should be"


def _sealed() -> list[dict[str, Any]]:
    """Return who of them reaches servers' user data, and how."""
    return [
        secret_rights.binding(f"embedded-{user}", role, _subject(user))
        for user, role in RIGHTS.items()
        if role in secret_rights.VERBS
    ]


def _subject(user: str) -> dict[str, Any]:
    return {"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": user}


def _binding(name: str, user: str, role: str) -> dict[str, Any]:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name},
        "subjects": [_subject(user)],
        "roleRef": {"kind": "ClusterRole", "apiGroup": "rbac.authorization.k8s.io", "name": role},
    }
