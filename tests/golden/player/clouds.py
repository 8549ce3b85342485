"""Where the cloud is and who its administrator is: from a clouds.yaml or from the environment.

The password is read from there and goes nowhere else. On a command line every user of the machine could read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import yaml

ENVIRONMENT = "env"
"""The value of --cloud that means: OS_AUTH_URL and its sisters."""


class CloudError(Exception):
    """The description of the cloud is missing or incomplete."""


class Admin(msgspec.Struct, frozen=True, kw_only=True):
    """Who makes projects and users. Domains by id or by name, as {"id": ...} or {"name": ...}."""

    username: str
    password: str
    project: str
    user_domain: dict[str, str]
    project_domain: dict[str, str]

    def __repr__(self) -> str:
        return f"Admin({self.username!r}, project={self.project!r})"


class Cloud(msgspec.Struct, frozen=True, kw_only=True):
    """A cloud: `auth_url` with its version, and how to reach the rest."""

    auth_url: str
    admin: Admin
    interface: str = "public"
    verify: bool | str = True


def load(where: str, environment: Mapping[str, str]) -> Cloud:
    """The cloud of `FILE`, `FILE#NAME` (a clouds.yaml and a cloud in it) or `env`.

    A file with several clouds needs the name (`#NAME` or OS_CLOUD). Raises CloudError, never with the password.
    """
    if where == ENVIRONMENT:
        auth = {k.removeprefix("OS_").lower(): v for k, v in environment.items() if k.startswith("OS_")}
        return _cloud(auth, {"cacert": auth.get("cacert"), "interface": auth.get("interface")})
    file, _, name = where.partition("#")
    path = Path(file)
    if not path.is_file():
        raise CloudError(f"no file {path}")
    document: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    clouds = document.get("clouds") if isinstance(document, dict) else None
    if not isinstance(clouds, dict) or not clouds:
        raise CloudError(f"{path} has no clouds")
    name = name or environment.get("OS_CLOUD", "") or (next(iter(clouds)) if len(clouds) == 1 else "")
    if name not in clouds:
        raise CloudError(f"{path}: which cloud? {', '.join(sorted(clouds))}")
    return _cloud(clouds[name].get("auth") or {}, clouds[name])


def _cloud(auth: Mapping[str, Any], rest: Mapping[str, Any]) -> Cloud:
    missing = [k for k in ("auth_url", "username", "password", "project_name") if not auth.get(k)]
    if missing:
        raise CloudError(f"the cloud's auth lacks {', '.join(missing)}")
    url = str(auth["auth_url"]).rstrip("/")
    return Cloud(
        auth_url=url if url.endswith("/v3") else url + "/v3",
        admin=Admin(
            username=str(auth["username"]),
            password=str(auth["password"]),
            project=str(auth["project_name"]),
            user_domain=_domain(auth, "user_domain"),
            project_domain=_domain(auth, "project_domain"),
        ),
        interface=str(rest.get("interface") or "public").removesuffix("URL"),
        verify=rest.get("cacert") or bool(rest.get("verify", True)),
    )


def _domain(auth: Mapping[str, Any], key: str) -> dict[str, str]:
    if name := auth.get(f"{key}_name") or auth.get("domain_name"):
        return {"name": str(name)}
    return {"id": str(auth.get(f"{key}_id") or auth.get("domain_id") or "default")}
