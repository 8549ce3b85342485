"""What is asked of the policy and what it answers: the contract between the API and whatever decides.

It exists so that the API knows neither Rego nor the engine: an OPA server by URL can take the embedded engine's
place, because both read the document that `PolicyInput` encodes to. Without the types, a misspelt key would be an
undefined value in Rego, and what is undefined cannot be told from what is denied.

A field at its default is left out of the document; the bundle reads an absent field as its default.
"""

from __future__ import annotations

from typing import Protocol

import msgspec


class Principal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whom the token speaks for. `roles` are names, with Keystone's implied roles already among them.

    `system_scope` is the token's ("all") and `domain_id` the domain that the token is scoped to (not the one its
    project or user lives in): both are empty in a token of a project. `is_admin` is for policies that want it; the
    bundle of this project trusts roles alone.
    """

    roles: tuple[str, ...]
    user_id: str | None = None
    project_id: str | None = None
    system_scope: str | None = None
    domain_id: str | None = None
    is_admin: bool = False


class Target(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The object that is acted on, as far as permissions look at it.

    project_id, user_id: its owners; of an object to be created, the owners it will have.
    parent_project_id: the owner of what it hangs on: a port's or subnet's network, a rule's security group, a port
    forwarding's floating IP.
    shared: it is shared with the principal's project: a network's `shared` (by its field or by an RBAC policy), a
    public flavor. router_external: a network that is external, or a subnet of one. visibility: an image's.
    member_id: the principal's project if it is among those that an image is shared with, or that have access to a
    private flavor; of a member that is acted on, that member's project.
    device_owner: a port's. wildcard: an RBAC policy for every project ("*").
    all_projects: a list was asked for all projects (`all_tenants`).
    attributes: what the request writes or asks for beyond the plain action, by the table's names
    ("provider:network_type", "fixed_ips:subnet_id", "forced_host"), in the order in which the service checks them.
    """

    project_id: str | None = None
    user_id: str | None = None
    parent_project_id: str | None = None
    shared: bool = False
    router_external: bool = False
    visibility: str | None = None
    member_id: str | None = None
    device_owner: str = ""
    wildcard: bool = False
    all_projects: bool = False
    attributes: tuple[str, ...] = ()

    @classmethod
    def of(cls, principal: Principal, *, attributes: tuple[str, ...] = ()) -> Target:
        """Return the target of an action without an object yet: what the principal itself would own."""
        return cls(project_id=principal.project_id, user_id=principal.user_id, attributes=attributes)


class Request(msgspec.Struct, frozen=True, omit_defaults=True):
    """The request that asks. No decision of the embedded engine depends on it."""

    id: str = ""


class PolicyInput(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One question. `action` is service:resource:verb as in the table; `rule`, if given, must be the row's."""

    action: str
    principal: Principal
    target: Target
    rule: str = ""
    region: str = ""
    request: Request | None = None


class Scopes(msgspec.Struct, frozen=True, kw_only=True):
    """What a list may contain: the objects for which any one of these holds. All empty is an empty list.

    all: everything. projects, users, parents, members: objects whose project_id, user_id, parent_project_id,
    member_id is among them. shared, external: objects that are. visibilities: images with one of them.
    """

    all: bool = False
    projects: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    shared: bool = False
    external: bool = False
    visibilities: tuple[str, ...] = ()

    def admit(self, target: Target) -> bool:
        """Tell whether the list may contain an object described by `target`. A null owner is in no scope."""
        return (
            self.all
            or (target.project_id is not None and target.project_id in self.projects)
            or (target.user_id is not None and target.user_id in self.users)
            or (target.parent_project_id is not None and target.parent_project_id in self.parents)
            or (target.member_id is not None and target.member_id in self.members)
            or (self.shared and target.shared)
            or (self.external and target.router_external)
            or (target.visibility is not None and target.visibility in self.visibilities)
        )


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the bundle's `decision` evaluates to; every field must be there, or it is no answer."""

    allow: bool
    visible: bool
    reason: str
    rule: str
    rules: tuple[str, ...]
    denied: tuple[str, ...]
    reveals: tuple[str, ...]
    scopes: Scopes | None


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """One answer. Nobody raises it: the API renders a denial in the service's own words.

    allow: it may be done. visible: the principal may know that the target exists; if not, a denial reads "not
    found". Both are false when `error` is set: the engine could not decide, which `reason` explains for the log.
    rule: the service's own name of the action's policy ("os_compute_api:servers:stop", "create_network"). rules: it
    and those of the attributes, in the order asked. denied: those of them that refused (an attribute that the table
    does not know is named by itself).
    reveals: fields of the answer that only some may read, and that this principal may.
    scopes: what a list may contain; None when the action is no list, or denied.
    decision_id: unique, for logs and audit. revision: of the bundle that decided.
    """

    allow: bool
    visible: bool
    reason: str
    decision_id: str
    revision: str
    rule: str = ""
    rules: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    reveals: tuple[str, ...] = ()
    scopes: Scopes | None = None
    error: bool = False


class DecisionPoint(Protocol):
    """Whatever decides: the engine in this process, or a server."""

    @property
    def revision(self) -> str:
        """Name the bundle that decides now."""
        ...

    def decide(self, request: PolicyInput) -> Decision:
        """Decide; never raise. What cannot be decided is denied, with `error` set. Safe from any thread.

        It may keep the thread waiting for as long as a server may take: not where an event loop could `ask`.
        """
        ...

    async def ask(self, request: PolicyInput) -> Decision:
        """Decide as `decide` does, and let the event loop go on meanwhile."""
        ...
