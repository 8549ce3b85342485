"""What can be set, at start and while running.

One typed tree with AWS's own figures as defaults. Unknown names are refused (a mistyped option
that is silently ignored makes a test prove nothing). `Config.patched` is the only way to change
it: a JSON merge, as the control API sends it.
"""

from collections.abc import Mapping
from typing import Any, Literal, Self

import msgspec

from aws_emulator import iam
from aws_emulator.iam.trust import OidcProvider, Role, Trust

DEFAULT_ACCOUNTS = {"AKIAEMULATEDACCESS01": "111122223333"}


class Durations(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How long asynchronous work takes, in seconds before `time_factor` is applied.

    Rough medians of public reports, except `instance_terminated_visible` (EC2 user guide: a
    terminated instance "remains visible for a short time", observed as about one hour) and
    `token_lifetime` (our choice: a day; AWS does not promise a figure for RunInstances).
    """

    instance_pending: float = 8.0
    instance_stopping: float = 30.0
    instance_shutting_down: float = 30.0
    instance_terminated_visible: float = 3600.0
    instance_status_checks: float = 120.0
    console_output: float = 180.0
    volume_creating: float = 2.0
    volume_attaching: float = 3.0
    volume_detaching: float = 3.0
    volume_deleting: float = 2.0
    volume_modifying: float = 5.0
    volume_optimizing: float = 120.0
    snapshot: float = 60.0
    image: float = 90.0
    interface_attaching: float = 2.0
    interface_detaching: float = 2.0
    token_lifetime: float = 86_400.0


class Lag(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Eventual consistency: the longest time, in seconds, until a creation is seen by reads.

    A created resource is unknown by id and absent from lists for U(0, resource); its tags (and
    later changes of tags) are unseen for U(0, tags). Multiplied by `time_factor`.
    """

    resource: float = 0.0
    tags: float = 0.0


class Bucket(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A token bucket: how many at once, and how many more a second."""

    capacity: float
    refill: float


def _request_buckets() -> dict[str, Bucket]:
    web = Bucket(600, 600)  # IAM and STS quotas: 600 requests a second for each account and region
    return {
        "RunInstances": Bucket(5, 2),
        "AssumeRoleWithWebIdentity": web,
        "Describe*": Bucket(100, 20),
        "*": Bucket(50, 5),
    }


def _resource_buckets() -> dict[str, Bucket]:
    return {"RunInstances": Bucket(1000, 2), "TerminateInstances": Bucket(1000, 20)}


class Throttle(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Token buckets per account, region and action; the first matching name (or glob) counts.

    `requests` are paid one a call, `resources` one an instance (EC2 developer guide, "Request
    throttling for the Amazon EC2 API"). Refill is real time: `time_factor` does not touch it.
    """

    enabled: bool = True
    requests: dict[str, Bucket] = msgspec.field(default_factory=_request_buckets)
    resources: dict[str, Bucket] = msgspec.field(default_factory=_resource_buckets)


class Quotas(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Per account and region. AWS's defaults, except `vcpus`: a new account has 5."""

    vpcs: int = 5
    blocks_per_vpc: int = 5
    subnets_per_vpc: int = 200
    addresses: int = 5
    internet_gateways: int = 5
    route_tables_per_vpc: int = 200
    routes_per_table: int = 500
    vcpus: int = 256
    instances_per_request: int = 1000
    network_interfaces: int = 5000
    security_groups: int = 2500
    groups_per_interface: int = 5
    rules_per_group: int = 60
    tags_per_resource: int = 50
    volume_modifications_per_day: int = 4
    snapshots: int = 100_000
    pending_snapshots_per_volume: int = 5
    snapshot_interval: float = 15.0
    key_pairs: int = 5000


class Capacity(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How many instances of a type (glob) AWS would run at once in a zone id (glob) of ours."""

    zone_id: str = "*"
    instance_type: str = "*"
    limit: int = 0


def _not_offered() -> dict[str, list[str]]:
    # us-east-1's oldest zone has no Nitro instance types; eksctl and others carry the same list.
    return {"use1-az3": ["t3.*", "t4g.*", "m5.*", "c5.*", "r5.*", "m6g.*"]}


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything that shapes the emulator.

    `time_factor` multiplies every duration and lag at once: 1.0 is AWS's pace, 0.01 a hundred
    times faster, 0 at once. `accounts` maps an access key id to its 12 digit account.
    `replay_of_terminated` says what a launch token answers when all that it launched is terminated:
    the terminated instances, or the error IdempotentInstanceTerminated that AWS documents.
    `role_policies` are roles' inline policies: `account/role` -> name -> document, as IAM's PutRolePolicy writes them.
    `oidc_providers` and `roles` are what AssumeRoleWithWebIdentity knows, by account.
    `policies` maps an account (or "*") to the IAM policy document that its callers have; an account
    without one may do everything.
    """

    accounts: dict[str, str] = msgspec.field(default_factory=lambda: dict(DEFAULT_ACCOUNTS))
    seed: int = 1
    time_factor: float = 1.0
    durations: Durations = Durations()
    lag: Lag = Lag()
    throttle: Throttle = Throttle()
    quotas: Quotas = Quotas()
    capacity: list[Capacity] = msgspec.field(default_factory=list)
    not_offered: dict[str, list[str]] = msgspec.field(default_factory=_not_offered)
    default_vpc: bool = False
    replay_of_terminated: Literal["returns", "refuses"] = "returns"
    ledger_keep: int = 100_000
    oidc_providers: list[OidcProvider] = msgspec.field(default_factory=list)
    roles: list[Role] = msgspec.field(default_factory=list)
    policies: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict)
    role_policies: dict[str, dict[str, dict[str, Any]]] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a policy that could not be enforced."""
        for document in (*self.policies.values(), *(role.policy for role in self.roles if role.policy is not None)):
            iam.read(document)
        for inline in self.role_policies.values():
            for document in inline.values():
                iam.read(document)
        for role in self.roles:
            Trust(role.trust)

    def policy(self, account: str, role: str = "") -> iam.Policy | None:
        """Return the policy of an account's callers, or of a role's if it has one; None: they may do everything."""
        own = next((each.policy for each in self.roles if (each.account, each.name) == (account, role)), None)
        document = own if own is not None else self.policies.get(account, self.policies.get("*"))
        inline = [iam.read(each) for each in self.role_policies.get(f"{account}/{role}", {}).values()] if role else []
        if document is None and not inline:
            return None
        return (iam.EVERYTHING if document is None else iam.read(document)).beside(*inline)

    def patched(self, change: Mapping[str, Any]) -> Self:
        """Return this configuration with `change` merged in (objects merge, null removes a key).

        Raises msgspec.ValidationError for an unknown name or a wrong type; nothing is changed then.
        """
        return msgspec.convert(_merge(msgspec.to_builtins(self), change), type(self))

    def builtins(self) -> dict[str, Any]:
        """Return the whole configuration as JSON values."""
        shown: dict[str, Any] = msgspec.to_builtins(self)
        return shown


def merge_patches(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return one patch that does what `old` and then `new` do (nulls stay: they remove)."""
    merged = dict(old)
    for name, value in new.items():
        before = merged.get(name)
        both = isinstance(before, Mapping) and isinstance(value, Mapping)
        merged[name] = merge_patches(before, value) if both else value  # type: ignore[arg-type]  # both are
    return merged


def _merge(old: Any, new: Any) -> Any:
    if not isinstance(new, Mapping):
        return new
    before = old if isinstance(old, dict) else {}
    merged = {name: value for name, value in before.items() if new.get(name, value) is not None}
    for name, value in new.items():
        if value is not None:
            merged[name] = _merge(merged.get(name), value)
    return merged
