"""An administrator of somebody else's Keystone, logged in as OpenStack's own tools log in.

An operator has a `clouds.yaml` or `OS_*` variables already, perhaps with an application credential or a single
sign-on that we know nothing of. Asking for a password of our own would send them around their company's rules; so the
login is openstacksdk's and keystoneauth's, and we only send requests through it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import keystoneauth1.exceptions
import openstack.config
import openstack.exceptions

from gurum.identity.session import Answer, IdentityUnavailable, ServiceLoginRefused


class OperatorSession:
    """Requests through a keystoneauth session, which blocks: each runs in a thread.

    `cloud` names one of `clouds.yaml`; empty: what the environment says (`OS_CLOUD`, `OS_AUTH_URL`, ...).
    Raises IdentityUnavailable when neither names a cloud.
    """

    def __init__(self, cloud: str = "") -> None:
        try:
            config = openstack.config.OpenStackConfig(app_name="gurum")
            chosen = config.get_one(cloud=cloud or None)
            self._session: Any = chosen.get_session()
        except (openstack.exceptions.ConfigException, keystoneauth1.exceptions.ClientException) as error:
            raise IdentityUnavailable(f"no cloud to log in to: {error}") from None
        url = str(getattr(self._session.auth, "auth_url", "") or "").rstrip("/")
        if not url:
            raise IdentityUnavailable("no cloud to log in to: there is no auth_url")
        self.auth_url = url if url.endswith("/v3") else f"{url}/v3"

    async def request(
        self, method: str, path: str, *, json: object = None, params: Mapping[str, str] | None = None
    ) -> Answer:
        """Send with the operator's token; `path` is below `/v3`. Raises IdentityUnavailable."""
        return await asyncio.to_thread(self._send, method, path, json, params, True)

    async def user_id(self) -> str:
        """Return who is logged in. Raises IdentityUnavailable."""
        try:
            return str(await asyncio.to_thread(self._session.get_user_id) or "")
        except keystoneauth1.exceptions.ClientException as error:
            raise IdentityUnavailable(f"the operator cannot log in ({type(error).__name__})") from None

    async def password_is(self, user_id: str, password: str) -> bool:
        """Tell whether a user can log in with a password. Raises IdentityUnavailable."""
        user = {"id": user_id, "password": password}
        identity = {"methods": ["password"], "password": {"user": user}}
        body = {"auth": {"identity": identity, "scope": "unscoped"}}
        answer = await asyncio.to_thread(self._send, "POST", "/auth/tokens?nocatalog", body, None, False)
        if answer.status in (201, 401):
            return answer.status == 201
        raise IdentityUnavailable(f"Keystone answers {answer.status} to a login")

    def _send(
        self, method: str, path: str, json: object, params: Mapping[str, str] | None, authenticated: bool
    ) -> Answer:
        try:
            response = self._session.request(
                self.auth_url + path,
                method,
                json=json,
                params=params,
                headers={"Accept": "application/json"},
                authenticated=authenticated,
                raise_exc=False,
                redirect=False,
                log=False,  # a body may carry a password
            )
        except (keystoneauth1.exceptions.http.Unauthorized, keystoneauth1.exceptions.http.Forbidden):
            raise ServiceLoginRefused("Keystone refuses the operator's login") from None
        except keystoneauth1.exceptions.ClientException as error:
            # By class only: the text may repeat what was sent.
            raise IdentityUnavailable(f"no answer of Keystone at {self.auth_url} ({type(error).__name__})") from None
        if authenticated and response.status_code == 401:
            raise ServiceLoginRefused("Keystone does not accept the operator's token")
        if response.status_code >= 500:
            raise IdentityUnavailable(f"Keystone answers {response.status_code} to {method} {path}")
        return Answer(response.status_code, response.content, response.headers)
