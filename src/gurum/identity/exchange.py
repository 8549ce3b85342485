"""A person at a region's sign-in, logged in as OpenStack's own tools log in: what `kubectl` is signed in by.

People have a `clouds.yaml` or `OS_*` variables already, with a password, a single sign-on or an application credential;
so the login is openstacksdk's and keystoneauth's, and this only asks what the region gives for it.
"""

from __future__ import annotations

from typing import Any

import keystoneauth1.exceptions
import openstack.config
import openstack.exceptions

from gurum.identity.session import IdentityUnavailable, ServiceLoginRefused

_SERVICE, _OURS = "/compute", "/cluster/v1"


class ExchangeRefused(Exception):  # noqa: N818 - it is an answer
    """The region gives nothing for the login; the text is its sentence."""


class Person:
    """Requests of one person at one region's sign-in.

    cloud: one of `clouds.yaml`; empty: what the environment says. project: another one than the login's, by name or id.
    Raises IdentityUnavailable when there is no login to be had, or the catalogue has no such region.
    """

    def __init__(self, cloud: str = "", region: str = "", project: str = "", url: str = "") -> None:
        try:
            chosen: dict[str, Any] = {"region_name": region} if region else {}
            if project:
                key = "project_id" if len(project) == 32 and project.isalnum() else "project_name"
                chosen["auth"] = {"project_id": None, "project_name": None, key: project}
            found: Any = openstack.config.OpenStackConfig(app_name="gurum")
            login = found.get_one(cloud=cloud or None, **chosen)
            self.session: Any = login.get_session()
            self._url = url.rstrip("/") or self._base(login.get_region_name())
        except (openstack.exceptions.ConfigException, keystoneauth1.exceptions.ClientException) as error:
            # Keystone's own sentence, which never repeats what was sent.
            raise IdentityUnavailable(f"there is no login: {error}") from None

    def _base(self, region: str | None) -> str:
        endpoint = self.session.get_endpoint(service_type="compute", interface="public", region_name=region)
        head, found, _ = str(endpoint or "").partition(_SERVICE)
        if not found:
            raise IdentityUnavailable(f"the catalogue has no region {region or ''} of Gurum's: name one with --region")
        return head

    def cluster(self) -> dict[str, Any]:
        """Return how the region's cluster is reached. Raises ExchangeRefused, IdentityUnavailable."""
        return dict(self._ask("GET", "/cluster")["cluster"])

    def token(self) -> dict[str, Any]:
        """Return a token of the cluster. Raises ExchangeRefused, IdentityUnavailable, ServiceLoginRefused."""
        return dict(self._ask("POST", "/tokens")["token"])

    def _ask(self, method: str, path: str) -> dict[str, Any]:
        try:
            response = self.session.request(
                self._url + _OURS + path, method, headers={"Accept": "application/json"}, raise_exc=False,
                redirect=False, log=False,  # the answer is a secret
            )  # fmt: skip
        except (keystoneauth1.exceptions.http.Unauthorized, keystoneauth1.exceptions.http.Forbidden):
            raise ServiceLoginRefused("Keystone refuses the login") from None
        except keystoneauth1.exceptions.ClientException as error:
            raise IdentityUnavailable(f"no answer of {self._url} ({type(error).__name__})") from None
        try:
            document = dict(response.json())
        except ValueError:
            raise IdentityUnavailable(f"{self._url} has no sign-in: it answers {response.status_code}") from None
        if response.status_code >= 400:
            inner = document.get("error", {})
            raise ExchangeRefused(str(inner.get("message", f"the answer is {response.status_code}")))
        return document
