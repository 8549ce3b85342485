"""Who asks: users of two projects and administrators, by the names that their tokens are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tests.support.pia import EPOCH

from gurum.identity.tokens import AccessRule, ApplicationCredential, Principal, TokenInvalid

ALPHA, BETA, OPERATOR = "a1fa" * 8, "be7a" * 8, "09e7" * 8  # projects
PROJECTS = {"alpha": ALPHA, "beta": BETA, "operator": OPERATOR}

_READER = ("reader",)
_MEMBER = ("member", *_READER)
_MANAGER = ("manager", *_MEMBER)
_ADMIN = ("admin", *_MANAGER)


@dataclass(frozen=True, slots=True)
class Person:
    """A token and whom it speaks for. `rules`: of an application credential, None without."""

    token: str
    user: str
    project: str | None
    roles: tuple[str, ...]
    rules: tuple[AccessRule, ...] | None = None
    system: bool = False


ELSEWHERE = AccessRule(service="volumev3", method="GET", path="/v3/**")
PEOPLE = (
    Person("alpha-reader", "10" * 16, ALPHA, _READER),
    Person("alpha-member", "11" * 16, ALPHA, _MEMBER),
    Person("alpha-second", "12" * 16, ALPHA, _MEMBER),
    Person("alpha-manager", "13" * 16, ALPHA, _MANAGER),
    Person("alpha-admin", "14" * 16, ALPHA, _ADMIN),
    Person("alpha-nothing", "15" * 16, ALPHA, ("observer",)),
    Person("alpha-limited", "16" * 16, ALPHA, _MEMBER, rules=(ELSEWHERE,)),
    Person("beta-reader", "20" * 16, BETA, _READER),
    Person("beta-member", "21" * 16, BETA, _MEMBER),
    Person("operator-admin", "31" * 16, OPERATOR, _ADMIN),
    Person("unscoped", "41" * 16, None, ()),
    Person("system-admin", "42" * 16, None, _ADMIN, system=True),
)
BY_TOKEN = {person.token: person for person in PEOPLE}
BAD_TOKENS = ("expired", "gAAAAABnonsense", "alpha-member ", "0" * 10_000)


def principal(person: Person) -> Principal:
    """Return what Keystone would say of the token."""
    scoped = person.project is not None
    return Principal(
        user_id=person.user,
        user_name=person.token,
        user_domain_id="default",
        project_id=person.project,
        project_name=f"project of {person.token}" if scoped else None,
        project_domain_id="default" if scoped else None,
        system=person.system,
        roles=person.roles,
        issued_at=datetime.fromtimestamp(EPOCH, UTC),
        expires_at=datetime.fromtimestamp(EPOCH + 86400, UTC),
        audit_ids=("audit",),
        application_credential=None
        if person.rules is None
        else ApplicationCredential(id="ac", name="ac", restricted=True, access_rules=person.rules),
    )


class Tokens:
    """Knows the tokens of PEOPLE; every other one, an expired one too, is invalid."""

    def __init__(self, people: Sequence[Person] = PEOPLE) -> None:
        self._principals = {person.token: principal(person) for person in people}

    async def validate(self, token: str) -> Principal:
        try:
            return self._principals[token]
        except KeyError:
            raise TokenInvalid("no such token, or not any more") from None
