"""Who people are in a cluster that they enter with a token of the sign-in, and what their project gives them there.

One table of words, because four must agree to the letter: what the API server makes of a token, what its policies read
of a user, whom the roles are bound to, and what the API makes of an admission review.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from gurum.store.kubernetes import namespaces
from gurum.store.kubernetes.client import Client, checked
from gurum.store.kubernetes.crds import PART_OF
from gurum.store.kubernetes.kinds import DOMAIN, PLACES, SYSTEM, namespace_of

Document = dict[str, Any]

PREFIX = "gurum:"  # of the names and groups of these people; nobody else's may begin so
EVERYBODY = f"{PREFIX}people"  # the group of all of them
ANY = "*"  # in the place of a project in a group's name: whoever has the role, in whichever project; no id has such
PROJECT, ROLES, AUDIT = f"{DOMAIN}/project", f"{DOMAIN}/roles", f"{DOMAIN}/audit-id"  # keys of a user's `extra`
LONGEST = 600  # seconds of a token's life that an API server takes
_RBAC = "rbac.authorization.k8s.io"
_BINDINGS = "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/rolebindings"
READ = ("get", "list", "watch")
READER, MEMBER, CATALOGUE = "gurum-reader", "gurum-member", "gurum-catalogue"


class As(msgspec.Struct, frozen=True, kw_only=True):
    """For which project, and in which roles, somebody signed in."""

    project_id: str = ""
    roles: tuple[str, ...] = ()


class Asker(msgspec.Struct, frozen=True, kw_only=True):
    """A user as an API server tells of them. signed_in: by a token of the sign-in; None: in another way."""

    user_id: str = ""
    signed_in: As | None = msgspec.field(default=None, name="as")


def asker(user_info: Mapping[str, Any]) -> Asker:
    """Return who it is by the `userInfo` of a review."""
    name, extra = str(user_info.get("username", "")), user_info.get("extra") or {}
    if not name.startswith(PREFIX):
        return Asker(user_id=name)
    project = next(iter(extra.get(PROJECT, ())), "")
    signed_in = As(project_id=str(project), roles=tuple(str(role) for role in extra.get(ROLES, ())))
    return Asker(user_id=name.removeprefix(PREFIX), signed_in=signed_in)


def stamped(text: str) -> Asker:
    """Return whom the API server wrote down with STAMP; nobody where it is something else."""
    try:
        return msgspec.json.decode(text, type=Asker)
    except msgspec.DecodeError:
        return Asker()


def _quoted(expression: str) -> str:
    return rf"""{expression}.replace('\\', '\\\\').replace('"', '\\"')"""


_NAME, _EXTRA = "request.userInfo.username", "request.userInfo.?extra"
IS_PERSON = f"{_NAME}.startsWith('{PREFIX}')"  # CEL
_ID = f"({IS_PERSON} ? {_NAME}.substring({len(PREFIX)}) : {_NAME})"
OF_PROJECT = f"{_EXTRA}[?'{PROJECT}'].orValue([''])[0]"
OF_ROLES = f"{_EXTRA}[?'{ROLES}'].orValue([])"
_AS = (
    f"""',"as":{{"project_id":"' + {_quoted(OF_PROJECT)} + '","roles":['"""
    f""" + {OF_ROLES}.map(r, '"' + {_quoted("r")} + '"').join(',') + ']}}'"""
)
# CEL of who asks, as JSON that reads as a `Cause`: written into an object when a person makes it or changes its spec.
STAMP = f"""'{{"user_id":"' + {_quoted(_ID)} + '"' + ({IS_PERSON} ? {_AS} : '') + '}}'"""


def group(project: str, role: str) -> str:
    """Return the group of those who have a role in a project."""
    return f"{PREFIX}{project}:{role}"


def authentication(url: str, audience: str, authority: str) -> Document:
    """Return the API server's AuthenticationConfiguration. `authority`: PEM of who signed the issuer's certificate."""
    issuer: Document = {"url": url, "audiences": [audience]}
    if authority:
        issuer["certificateAuthority"] = authority
    return {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AuthenticationConfiguration",
        "jwt": [
            {
                "issuer": issuer,
                "claimValidationRules": [
                    {
                        "expression": f"claims.exp - claims.iat <= {LONGEST}",
                        "message": f"a token of the sign-in is good for {LONGEST} seconds at most",
                    },
                    {
                        "expression": "claims.project_id.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",
                        "message": "a token of the sign-in is of a project",
                    },
                ],
                "claimMappings": {
                    "username": {"expression": f"'{PREFIX}' + claims.sub"},
                    "uid": {"expression": "claims.sub"},
                    "groups": {
                        "expression": f"dyn(claims.roles).map(r, '{PREFIX}' + claims.project_id + ':' + r)"
                        f" + dyn(claims.roles).map(r, '{group(ANY, '')}' + r) + ['{EVERYBODY}']"
                    },
                    "extra": [
                        {"key": PROJECT, "valueExpression": "claims.project_id"},
                        {"key": ROLES, "valueExpression": "claims.roles"},
                        {"key": AUDIT, "valueExpression": "claims.keystone_audit_id"},
                    ],
                },
                "userValidationRules": [
                    {
                        "expression": "!user.username.startsWith('system:')",
                        "message": "names of Kubernetes' own are nobody's",
                    },
                    {
                        "expression": "user.groups.all(group, !group.startsWith('system:'))",
                        "message": "groups of Kubernetes' own are nobody's",
                    },
                ],
            }
        ],
    }


def bindings(project: str, readers: Sequence[str], writers: Sequence[str]) -> list[Document]:
    """Return what a project's namespace gives to those who have one of these roles in the project."""
    return [_bound(role, project, roles) for role, roles in ((READER, readers), (MEMBER, writers))]


def catalogue(choosers: Sequence[str]) -> list[Document]:
    """Return what there is to choose from: flavors and regions for everybody, images for those with one of the roles.

    Of images only those that are no project's: a binding for the whole cluster would show each project's to all.
    """
    places = (PLACES["Flavor"], PLACES["Region"])
    rules = [{"apiGroups": [one.group], "resources": [one.plural], "verbs": list(READ)} for one in places]
    name, labels = "gurum-people", PART_OF
    role = {"apiVersion": f"{_RBAC}/v1", "kind": "ClusterRole", "metadata": {"name": name, "labels": labels}}
    return [
        {**role, "rules": rules},
        {
            "apiVersion": f"{_RBAC}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": name, "labels": labels},
            "subjects": [{"kind": "Group", "apiGroup": _RBAC, "name": EVERYBODY}],
            "roleRef": {"kind": "ClusterRole", "apiGroup": _RBAC, "name": name},
        },
        {
            "apiVersion": f"{_RBAC}/v1",
            "kind": "RoleBinding",
            "metadata": {"name": name, "namespace": SYSTEM, "labels": labels},
            "subjects": [{"kind": "Group", "apiGroup": _RBAC, "name": group(ANY, one)} for one in choosers],
            "roleRef": {"kind": "ClusterRole", "apiGroup": _RBAC, "name": CATALOGUE},
        },
    ]


def _bound(role: str, project: str, roles: Sequence[str]) -> Document:
    # Not by the role's own name, which somebody who binds it by hand may have taken.
    meta = {"name": f"people-{role}", "namespace": namespace_of(project), "labels": PART_OF}
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "RoleBinding",
        "metadata": meta,
        "subjects": [{"kind": "Group", "apiGroup": _RBAC, "name": group(project, one)} for one in roles],
        "roleRef": {"kind": "ClusterRole", "apiGroup": _RBAC, "name": role},
    }


async def welcome(client: Client, project: str, readers: Sequence[str], writers: Sequence[str]) -> None:
    """Make a project's namespace and what is bound in it, where they are missing; what is there stays as it is.

    Raises UnavailableError.
    """
    namespace = namespace_of(project)
    await namespaces.make(client, namespace, project)
    for binding in bindings(project, readers, writers):
        answer = await client.create(_BINDINGS.format(namespace), binding)
        if answer.status != 409:
            checked(answer)
