"""Identity providers in a Keystone: mapping first, then provider, then the protocol that ties the two.

In this order nobody can log in by a provider whose mapping is not there yet.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from gurum.identity.catalogue.api import Api, KeystoneRefused, fields
from gurum.identity.catalogue.change import Change
from gurum.identity.catalogue.description import Federated

ROOT = "/OS-FEDERATION"


async def apply(
    api: Api, wanted: Iterable[Federated], domain: Callable[[str], Awaitable[str]], *, dry_run: bool
) -> list[Change]:
    """Make the providers so and tell what was changed. `domain` gives a domain's id by its name.

    Idempotent. Raises KeystoneRefused, also for a provider that has another domain: its users would be others.
    """
    changes: list[Change] = []

    async def so(kind: str, name: str, path: str, values: dict[str, Any]) -> None:
        found = await api.document(path, kind)
        different = values if found is None else {key: new for key, new in values.items() if found.get(key) != new}
        if found is not None and "domain_id" in different:
            raise KeystoneRefused(f"identity provider {name!r} has another domain already, and keeps it")
        if found is not None and not different:
            return
        shown = {key: "(set)" if key == "rules" else str(value) for key, value in different.items()}
        changes.append(Change(action="update" if found else "create", kind=kind, name=name, fields=shown))
        if not dry_run:
            await api.store("PATCH" if found else "PUT", path, kind, different)

    for one in wanted:
        mapping = f"{one.name}-{one.protocol}"
        rules = {"rules": one.rules, "schema_version": one.schema_version}
        await so("mapping", mapping, f"{ROOT}/mappings/{mapping}", rules)
        provider = {
            **fields(one, "description", "enabled"),
            "domain_id": await domain(one.domain),
            "remote_ids": list(one.remote_ids),
        }
        path = f"{ROOT}/identity_providers/{one.name}"
        await so("identity_provider", one.name, path, provider)
        await so("protocol", mapping, f"{path}/protocols/{one.protocol}", {"mapping_id": mapping})
    return changes
