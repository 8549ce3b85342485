"""What somebody holds who works here, got as they get it, and how each thing is tried."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import botocore.config
import botocore.session
import yaml
from botocore.exceptions import ClientError
from tests.faults.emulator import REGION
from tests.offboarding.http import made, send
from tests.offboarding.watch import Way
from tests.support.stack import Stack

from gurum.engine.entrance import sessions_of
from gurum.ops import secrets
from gurum.ops.clock import SystemClock
from gurum.providers.behalf import Behalf


@dataclass
class Holder:
    """A person and their ways in. `token` is scoped to `project`."""

    user: str
    project: str
    token: str
    ways: dict[str, Way] = field(default_factory=dict)


class Site:
    """The run, as its clients see it."""

    def __init__(self, stack: Stack) -> None:
        self.stack, self.keystone, self.api = stack, stack.config.identity.url, stack.url(REGION)
        self.admin = stack.token("gurum-admin")

    def provider(self, name: str) -> str:
        """Return a provider's URL."""
        return str(self.stack.config.embedded.federation_settings[name])

    def secret(self, name: str) -> str:
        """Return a secret of the run."""
        return secrets.read(self.stack.places.secret(name))

    def people(self, change: dict[str, Any], username: str) -> None:
        """Change somebody in the private provider's file of people."""
        path = self.stack.places.state / "providers" / "private" / "people.yaml"
        document = yaml.safe_load(path.read_text())
        for person in document["people"]:
            if person["username"] == username:
                person |= change
        secrets.write(path, yaml.safe_dump(document, allow_unicode=True))

    def shown(self, token: str) -> Way:
        """Try a token at Keystone itself."""
        return lambda: send("GET", f"{self.keystone}/auth/projects", X_Auth_Token=token)[0]

    def used(self, token: str) -> Way:
        """Try a token at the API."""
        return lambda: send("GET", f"{self.api}/compute/v2.1/servers", X_Auth_Token=token)[0]

    def login(self, **auth: Any) -> Way:
        """Try a login at Keystone."""
        return lambda: send("POST", f"{self.keystone}/auth/tokens?nocatalog", {"auth": auth})[0]

    def token(self, **auth: Any) -> tuple[str, Any]:
        """Log in; return the token and its document."""
        document, headers = made("POST", f"{self.keystone}/auth/tokens?nocatalog", {"auth": auth})
        return headers["X-Subject-Token"], document["token"]

    def credential(self, holder: Holder) -> dict[str, Any]:
        """Make an application credential; return the login by it."""
        wish = {"application_credential": {"name": "robot", "roles": [{"name": "member"}]}}
        path = f"{self.keystone}/users/{holder.user}/application_credentials"
        given = made("POST", path, wish, X_Auth_Token=holder.token)[0]["application_credential"]
        credential = {"id": given["id"], "secret": given["secret"]}
        return {"identity": {"methods": ["application_credential"], "application_credential": credential}}

    def session(self, user: str, project: str) -> Way:
        """Have a session of AWS in somebody's name, as the engine has; return how it is tried."""
        region = self.stack.config.region(REGION)
        assert region.aws is not None
        sessions = sessions_of(region, self.stack.config, SystemClock())
        assert sessions is not None

        async def held() -> Any:
            found = await sessions.ready(region.aws.accounts[0].number, Behalf(user, project, "req-held"))  # type: ignore[union-attr]  # asserted above
            await sessions.close()
            return found

        credentials = asyncio.run(held())
        client = botocore.session.get_session().create_client(
            "ec2",
            region_name=region.cloud_region,
            endpoint_url=region.aws.endpoint_url,
            aws_access_key_id=credentials.access_key,
            aws_secret_access_key=credentials.secret_key,
            aws_session_token=credentials.token,
            config=botocore.config.Config(retries={"total_max_attempts": 1}),
        )

        def way() -> int:
            try:
                client.describe_vpcs()
            except ClientError as error:
                return int(error.response["ResponseMetadata"]["HTTPStatusCode"])
            return 200

        return way


def staff(site: Site, name: str, project: str, trustee: Holder | None = None) -> Holder:
    """Log in by the private provider; with a trustee, hold everything that staff can hold."""
    provider = site.provider("private")
    form = {"grant_type": "password", "client_id": "openstack", "username": name, "password": site.secret(name)}
    status, given, _ = send("POST", f"{provider}/token", form=form | {"scope": "openid profile"})
    assert status == 200, given
    path = f"{site.keystone}/OS-FEDERATION/identity_providers/private/protocols/openid/auth"
    document, headers = made("GET", path, Authorization=f"Bearer {given['access_token']}")
    federated = headers["X-Subject-Token"]
    scope = {"project": {"name": project, "domain": {"name": "staff"}}}
    rescoping = {"identity": {"methods": ["token"], "token": {"id": federated}}, "scope": scope}
    rescoped, token = site.token(**rescoping)
    holder = Holder(document["token"]["user"]["id"], token["project"]["id"], rescoped)
    holder.ways["api_rescoped"] = site.used(rescoped)
    if trustee is None:
        return holder
    renewed = {"refresh_token": given["refresh_token"]}

    def refresh() -> int:
        asked = {"grant_type": "refresh_token", "client_id": "openstack", **renewed}
        status, answer, _ = send("POST", f"{provider}/token", form=asked)
        if status == 200:
            renewed["refresh_token"] = answer["refresh_token"]
        return status

    again = {"identity": {"methods": ["token"], "token": {"id": rescoped}}, "scope": scope}
    by_credential = site.credential(holder)
    of_credential, _ = site.token(**by_credential)
    trust = {
        "trustor_user_id": holder.user,
        "trustee_user_id": trustee.user,
        "project_id": holder.project,
        "impersonation": True,
        "roles": [{"name": "member"}],
    }
    given_trust = made("POST", f"{site.keystone}/OS-TRUST/trusts", {"trust": trust}, X_Auth_Token=rescoped)[0]["trust"]
    by_trust = {
        "identity": {"methods": ["token"], "token": {"id": trustee.token}},
        "scope": {"OS-TRUST:trust": {"id": given_trust["id"]}},
    }
    of_trust, _ = site.token(**by_trust)
    scoped, _ = site.token(**rescoping)
    holder.ways |= {
        "refresh_token": refresh,
        "access_token": lambda: send("GET", path, Authorization=f"Bearer {given['access_token']}")[0],
        "federated_token": site.shown(federated),
        "rescoping": site.login(**again),
        "rescoped_token": site.shown(rescoped),
        "application_credential": site.login(**by_credential),
        "token_of_it": site.shown(of_credential),
        "trust_given": site.login(**by_trust),
        "token_of_trust": site.shown(of_trust),
        "api_federated": site.used(scoped),
        "api_credential": site.used(of_credential),
        "api_trust": site.used(of_trust),
        "aws_session": site.session(holder.user, holder.project),
    }
    return holder


def local(site: Site, name: str, project: str) -> Holder:
    """Make a user with a password in Keystone, a member of a project; hold what such a user can hold."""
    admin: Any = {"X_Auth_Token": site.admin}
    password = "a-password-of-theirs"
    user = made("POST", f"{site.keystone}/users", {"user": {"name": name, "password": password}}, **admin)[0]["user"][
        "id"
    ]
    roles = {role["name"]: role["id"] for role in made("GET", f"{site.keystone}/roles", **admin)[0]["roles"]}
    made("PUT", f"{site.keystone}/projects/{project}/users/{user}/roles/{roles['member']}", **admin)
    by_password = {
        "identity": {"methods": ["password"], "password": {"user": {"id": user, "password": password}}},
        "scope": {"project": {"id": project}},
    }
    token, _ = site.token(**by_password)
    holder = Holder(user, project, token)
    by_credential = site.credential(holder)
    holder.ways = {
        "password": site.login(**by_password),
        "local_token": site.shown(token),
        "local_credential": site.login(**by_credential),
        "api_local": site.used(token),
    }
    return holder
