"""Make a Keystone carry what a description wants, through its v3 API.

One function a kind, each of the same shape: look, compare what the description names, create or
update. Every request can be repeated, so a run that was cut off is simply run again. Two runs at
once can collide; then one of them gets Keystone's 409 and is run again.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from gurum.identity.catalogue import federation
from gurum.identity.catalogue.api import Administrator, Api, KeystoneRefused, fields
from gurum.identity.catalogue.change import Change
from gurum.identity.catalogue.description import (
    Catalogue,
    Domain,
    Endpoint,
    Grant,
    Group,
    GroupGrant,
    Project,
    Region,
    Role,
    Service,
    User,
)
from gurum.identity.session import KeystoneSession, PasswordAuth
from gurum.ops import secrets

__all__ = ["KeystoneRefused", "apply", "ensure", "withdraw"]


async def ensure(auth: PasswordAuth, description: Catalogue, *, dry_run: bool = False) -> list[Change]:
    """Make everything in `description` so and tell what was changed, in order.

    Idempotent: a second call gives an empty list. With `dry_run` nothing is written. Never deletes,
    and leaves alone what the description does not name. `auth` must be an administrator. Raises
    KeystoneRefused for a request that Keystone refuses or a name that the description lacks,
    IdentityUnavailable, SecretError; what was changed before stays.
    """
    async with KeystoneSession(auth) as session:
        return await apply(session, description, dry_run=dry_run)


async def apply(session: Administrator, description: Catalogue, *, dry_run: bool = False) -> list[Change]:
    """Do what `ensure` does with a session that somebody else logged in; a dry run needs no password files."""
    run = _Run(Api(session), session, dry_run)
    # In this order: what comes later refers to what came before.
    await run.regions(description.regions)
    await run.services(description.services)
    await run.endpoints(description.endpoints)
    await run.roles(description.roles)
    await run.domains(description.domains)
    await run.projects(description.projects)
    await run.users(description.users)
    await run.grants(description.grants)
    await run.groups(description.groups)
    await run.group_grants(description.group_grants)
    run.changes += await federation.apply(run.api, description.federated, run.domain, dry_run=dry_run)
    return run.changes


async def withdraw(session: Administrator, regions: Iterable[str], *, dry_run: bool = False) -> list[Change]:
    """Take regions and their endpoints out of the catalogue and tell what was removed, in order.

    Idempotent. Services, roles, projects and users stay: others may use them. Raises KeystoneRefused (also for a region
    with others below it), IdentityUnavailable.
    """
    api, changes = Api(session), list[Change]()
    wanted = list(regions)
    services = {found["id"]: found["type"] for found in await api.list("services")}
    for endpoint in await api.list("endpoints"):
        if endpoint["region_id"] in wanted:
            name = f"{services[endpoint['service_id']]} {endpoint['region_id']} {endpoint['interface']}"
            changes.append(Change(action="delete", kind="endpoint", name=name, fields={"url": endpoint["url"]}))
            if not dry_run:
                await api.delete("endpoint", name, endpoint["id"])
    there = {found["id"] for found in await api.list("regions")}
    for region in wanted:
        if region in there:
            changes.append(Change(action="delete", kind="region", name=region))
            if not dry_run:
                await api.delete("region", region, region)
    return changes


# The id of something that a dry run would have made. No Keystone has an object of this id, so that
# what depends on it is found missing, too.
_PLANNED = "planned"


class _Run:
    """One call of `ensure`: what was looked up and what was changed."""

    def __init__(self, api: Api, session: Administrator, dry_run: bool) -> None:
        self.changes: list[Change] = []
        self.api = api
        self._session = session
        self._dry_run = dry_run
        self._planned: dict[tuple[str, ...], str] = {}

    async def regions(self, wanted: Iterable[Region]) -> None:
        there = {found["id"]: found for found in await self.api.list("regions")}
        for region in wanted:
            values = fields(region, "description")
            if region.id not in there:
                await self._create("region", region.id, values | {"id": region.id})
            else:
                await self._update("region", region.id, there[region.id], values)

    async def services(self, wanted: Iterable[Service]) -> None:
        there = await self.api.list("services")
        for service in wanted:
            found = _service_of(there, service.type)
            if found is None:
                values = fields(service, "type", "name", "description")
                self._planned["service", service.type] = await self._create("service", service.type, values)
            else:
                # Its name belongs to whoever made it.
                await self._update("service", service.type, found, fields(service, "description"))

    async def endpoints(self, wanted: Iterable[Endpoint]) -> None:
        services = await self.api.list("services")
        there = await self.api.list("endpoints")
        for endpoint in wanted:
            service = _service_of(services, endpoint.service)
            service_id = service["id"] if service else self._planned.get(("service", endpoint.service))
            if service_id is None:
                raise KeystoneRefused(f"endpoint of a service {endpoint.service!r} that is nowhere")
            for interface in endpoint.interfaces:
                place = {
                    "service_id": service_id,
                    "region_id": endpoint.region,
                    "interface": interface,
                }
                name = f"{endpoint.service} {endpoint.region} {interface}"
                found = next((e for e in there if place.items() <= e.items()), None)
                values = {"url": endpoint.url, "enabled": True}
                if found is None:
                    await self._create("endpoint", name, place | values)
                else:
                    await self._update("endpoint", name, found, values)

    async def roles(self, wanted: Iterable[Role]) -> None:
        wanted = tuple(wanted)
        ids = {found["name"]: found["id"] for found in await self.api.list("roles")}
        for role in wanted:
            if role.name not in ids:
                values: dict[str, Any] = {"name": role.name}
                if role.immutable:
                    values["options"] = {"immutable": True}
                ids[role.name] = await self._create("role", role.name, values)
        self._planned |= {("role", name): role_id for name, role_id in ids.items()}
        implied = await self.api.implied_roles()
        for role in wanted:
            for other in role.implies:
                if other not in ids:
                    raise KeystoneRefused(f"role {role.name!r} implies unknown role {other!r}")
                if (role.name, other) not in implied:
                    path = f"/roles/{ids[role.name]}/implies/{ids[other]}"
                    await self._put(path, "implied role", f"{role.name} implies {other}")

    async def domains(self, wanted: Iterable[Domain]) -> None:
        for domain in wanted:
            found = await self.api.find("domains", name=domain.name)
            values = fields(domain, "description", "enabled")
            if found is None:
                self._planned["domain", domain.name] = await self._create(
                    "domain", domain.name, values | {"name": domain.name}
                )
            else:
                await self._update("domain", domain.name, found, values)

    async def projects(self, wanted: Iterable[Project]) -> None:
        for project in wanted:
            domain_id = await self.domain(project.domain)
            found = await self.api.find("projects", name=project.name, domain_id=domain_id)
            values = fields(project, "description", "enabled")
            if found is None:
                place = {"name": project.name, "domain_id": domain_id}
                self._planned["project", project.name, project.domain] = await self._create(
                    "project", project.name, values | place
                )
            else:
                await self._update("project", project.name, found, values)

    async def users(self, wanted: Iterable[User]) -> None:
        for user in wanted:
            domain_id = await self.domain(user.domain)
            found = await self.api.find("users", name=user.name, domain_id=domain_id)
            values = fields(user, "description", "enabled")
            if user.default_project is not None:
                values["default_project_id"] = await self._project(user.default_project, user.domain)
            if found is None:
                place = {"name": user.name, "domain_id": domain_id}
                values |= {"password": self._password(user)}
                self._planned["user", user.name, user.domain] = await self._create("user", user.name, values | place)
                continue
            # First: a disabled user's password cannot be tried.
            await self._update("user", user.name, found, values)
            if user.keep_password_set and (found["enabled"] or not self._dry_run):
                password = self._password(user)
                if not password or not await self._session.password_is(found["id"], password):
                    await self._update("user", user.name, found, {"password": password})

    async def groups(self, wanted: Iterable[Group]) -> None:
        for group in wanted:
            domain_id = await self.domain(group.domain)
            found = await self.api.find("groups", name=group.name, domain_id=domain_id)
            values = fields(group, "description")
            if found is None:
                place = {"name": group.name, "domain_id": domain_id}
                self._planned["group", group.name, group.domain] = await self._create(
                    "group", group.name, values | place
                )
            else:
                await self._update("group", group.name, found, values)

    async def group_grants(self, wanted: Iterable[GroupGrant]) -> None:
        for grant in wanted:
            role_id = await self._role(grant.role)
            group_id = await self._id("group", grant.group, grant.group_domain)
            project_id = await self._project(grant.project, grant.project_domain)
            path = f"/projects/{project_id}/groups/{group_id}/roles/{role_id}"
            if not await self.api.exists(path):
                await self._put(path, "role", f"{grant.role} of group {grant.group} on project {grant.project}")

    def _password(self, user: User) -> str:
        """Give the password; empty where a dry run finds no file yet, because the real run would make one."""
        if self._dry_run and not user.password_file.exists():
            return ""
        return secrets.read(user.password_file)

    async def grants(self, wanted: Iterable[Grant]) -> None:
        for grant in wanted:
            role_id = await self._role(grant.role)
            user_id = await self._user(grant.user, grant.user_domain)
            if grant.project is None:
                target, where = "/system", "system"
            else:
                project_id = await self._project(grant.project, grant.project_domain)
                target, where = f"/projects/{project_id}", f"project {grant.project}"
            path = f"{target}/users/{user_id}/roles/{role_id}"
            if not await self.api.exists(path):
                await self._put(path, "role", f"{grant.role} of {grant.user} on {where}")

    async def domain(self, name: str) -> str:
        return await self._id("domain", name)

    async def _role(self, name: str) -> str:
        return await self._id("role", name)

    async def _user(self, name: str, domain: str) -> str:
        return await self._id("user", name, domain)

    async def _project(self, name: str, domain: str) -> str:
        return await self._id("project", name, domain)

    async def _id(self, kind: str, name: str, domain: str | None = None) -> str:
        """Give the id of what this run made or Keystone has. Raises KeystoneRefused."""
        key = (kind, name) if domain is None else (kind, name, domain)
        if key not in self._planned:
            place = {} if domain is None else {"domain_id": await self.domain(domain)}
            found = await self.api.find(f"{kind}s", name=name, **place)
            if found is None:
                raise KeystoneRefused(f"{kind} {name!r} is neither described nor in Keystone")
            self._planned[key] = found["id"]
        return self._planned[key]

    async def _create(self, kind: str, name: str, values: Mapping[str, Any]) -> str:
        self._note("create", kind, name, values)
        if self._dry_run:
            return _PLANNED
        return await self.api.create(kind, name, values)

    async def _update(self, kind: str, name: str, found: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        different = {key: value for key, value in values.items() if found.get(key) != value}
        if different:
            self._note("update", kind, name, different)
            if not self._dry_run:
                await self.api.update(kind, name, found["id"], different)

    async def _put(self, path: str, kind: str, name: str) -> None:
        self.changes.append(Change(action="grant", kind=kind, name=name))
        if not self._dry_run:
            await self.api.put(path)

    def _note(
        self,
        action: Literal["create", "update"],
        kind: str,
        name: str,
        values: Mapping[str, Any],
    ) -> None:
        shown = {
            key: "(set)" if key == "password" else str(value) for key, value in values.items() if value is not None
        }
        self.changes.append(Change(action=action, kind=kind, name=name, fields=shown))


def _service_of(services: Iterable[Mapping[str, Any]], kind: str) -> Mapping[str, Any] | None:
    """Give the service of a type. Raises KeystoneRefused if a choice would be a guess."""
    found = [service for service in services if service["type"] == kind]
    if len(found) > 1:
        names = ", ".join(sorted(str(service.get("name")) for service in found))
        raise KeystoneRefused(f"Keystone has several services of type {kind!r}: {names}")
    return found[0] if found else None
