"""`docs/reference/configuration.md`: every setting, read from the source of the typed sections.

The source, not the types at run time, because what a setting means stands in the comment beside it.
"""

from __future__ import annotations

import ast
import inspect
import io
import re
import tokenize
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import msgspec
from tests.docs.markers import Parts, table

from gurum.ops import audit, aws, config, issuer, policy, sign_in
from gurum.ops.config import QUOTAS, Config

# What a name in its section does not say by itself and its source leaves unsaid. By class and field.
MEANINGS = {
    "StoreConfig.url": "where the store is; of SQLite, three slashes begin a relative path, four an absolute one",
    "IdentityConfig.url": "its v3 API",
    "IdentityConfig.embedded": "whether `gurum up` starts one",
    "IdentityConfig.service_user": "who validates tokens; needs the role `service`",
    "IdentityConfig.service_project": "that user's project",
    "IdentityConfig.service_domain": "id of the domain of that user and project",
    "IdentityConfig.service_password_file": "file with that user's password",
    "IdentityConfig.revocation_poll_seconds": "between looks for revocation events; less than 10",
    "IdentityConfig.timeout": "seconds until a request to Keystone is given up",
    "PolicyConfig.bundle": "its directory, or the archive that `gurum policy bundle` made",
    "PiaConfig.body_limit": "bytes of a request's body; Nova's own default",
    "PiaConfig.page_limit": "objects on a page; Nova's own default",
    "AdmissionConfig.host": "address it listens on",
    "PiaConfig.quotas": "limits that differ from [the defaults](#quotas), by service and resource",
    "EngineConfig.token_key_file": "file with the key of the idempotency tokens",
    "EngineConfig.workers": "objects in work at once",
    "EngineConfig.resync": "between looks at every object, changed or not",
    "EngineConfig.lease": "an engine that is not heard of for so long loses its shards to the others",
    "EngineConfig.backoff_base": "pause after a first failure; doubles with each further one",
    "EngineConfig.backoff_max": "longest such pause",
    "EngineConfig.metrics_host": "address of health and metrics",
    "LogConfig.directory": "the directory",
    "LogConfig.level": "DEBUG, INFO, WARNING or ERROR",
    "EmbeddedConfig.aws_emulator_settings": "[the emulator's](emulator.md#configuration)",
    "EmbeddedConfig.federation_settings": "fields of `gurum.supervisor.federation.Settings`",
    "EmbeddedConfig.keystone_settings": "fields of `gurum.identity.keystone.config.KeystoneConfig`",
    "RegionConfig.name": "as in the catalogue of Keystone",
    "RegionConfig.provider": "`aws` or `simulated`",
    "RegionConfig.port": "where its APIs listen",
    "RegionConfig.host": "address they listen on",
    "RegionConfig.cloud_region": "the cloud's own name of it: `us-east-1`",
    "RegionConfig.simulated": "a sentence that says what is simulated; shown in the catalogue",
    "ZoneConfig.name": "as users see it",
    "ZoneConfig.id": "as the cloud knows it; of AWS the zone id (`use1-az1`)",
    "FlavorConfig.name": "its name",
    "FlavorConfig.vcpus": "virtual processors",
    "FlavorConfig.ram": "MiB",
    "FlavorConfig.disk": "GiB of the root disk",
    "FlavorConfig.id": "empty: UUIDv5 of region and name",
    "FlavorConfig.instance_type": "kept as the extra spec `aws:instance_type`",
    "ImageConfig.name": "its name",
    "ImageConfig.cloud_id": "the AMI",
    "ImageConfig.disk_format": "shown",
    "ImageConfig.size": "bytes; shown, and compared with the flavor's disk",
    "ImageConfig.checksum": "shown",
    "ImageConfig.os_hash_value": "shown",
    "ImageConfig.min_disk": "GiB; smaller flavors are refused",
    "ImageConfig.min_ram": "MiB; smaller flavors are refused",
    "ImageConfig.architecture": "shown",
    "ImageConfig.properties": "shown",
    "AwsConfig.endpoint_url": "empty: the real AWS",
    "AwsConfig.timeout": "seconds until an answer counts as lost",
    "AwsConfig.rates": "by action: requests a second, burst; `*` is every action not named",
    "AwsConfig.throttle": "whether to keep to these rates",
    "AwsAccountConfig.number": "twelve digits",
    "AwsAccountConfig.credentials_file": "file with a stored key, where that is wanted all the same",
    "AwsAccountConfig.projects": "ids of the projects that use it; empty: those of no other account",
    "SimulatedConfig.state": "its file",
    "SimulatedConfig.build_seconds": "from BUILD to ACTIVE",
    "SimulatedConfig.power_seconds": "for a start or a stop",
}  # fmt: skip

_WAIVER = re.compile(r"noqa: \w+( - )?")


@dataclass(frozen=True)
class Setting:
    """A field of a section, as its source says it. `section` is the class that its value is, or is a list of."""

    name: str
    type: str
    default: str
    comment: str
    section: str


@dataclass(frozen=True)
class Section:
    """A class of the configuration."""

    name: str
    text: str
    settings: tuple[Setting, ...]


@cache
def sections() -> Mapping[str, Section]:
    """Return the sections by their class names."""
    modules = [inspect.getsource(module) for module in (config, issuer, policy, aws, audit, sign_in)]
    classes = [
        (node, source) for source in modules for node in ast.parse(source).body if isinstance(node, ast.ClassDef)
    ]
    names = {node.name for node, _ in classes}
    return {
        node.name: Section(
            node.name,
            inspect.cleandoc(ast.get_docstring(node) or ""),
            tuple(_settings(node, _comments(source), names)),
        )
        for node, source in classes
        if any(ast.unparse(base) == "Section" for base in node.bases)
    }


def _comments(source: str) -> dict[int, str]:
    return {
        token.start[0]: token.string.lstrip("# ").strip()
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }


def _settings(node: ast.ClassDef, comments: dict[int, str], names: set[str]) -> Iterator[Setting]:
    for field in node.body:
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            type_ = ast.unparse(field.annotation)
            inner = next((word for word in re.findall(r"\w+", type_) if word in names), "")
            said = _WAIVER.sub("", comments.get(field.lineno, ""))
            comment = MEANINGS.get(f"{node.name}.{field.target.id}", said)
            yield Setting(field.target.id, type_, _default(field.value), comment, inner)


def _default(value: ast.expr | None) -> str:
    """Return a default as YAML would have it; empty: there is none, the setting must be given."""
    if value is None:
        return ""
    if isinstance(value, ast.Call):
        factory = next((word.value for word in value.keywords if word.arg == "default_factory"), None)
        return "" if factory is None else {"list": "[]", "dict": "{}"}[ast.unparse(factory)]
    constant = ast.literal_eval(value)
    if constant == "":
        return '""'
    return msgspec.json.encode(constant).decode().strip('"')


def parts() -> Parts:
    """Return the generated part of the page."""
    known = sections()
    told: list[str] = []
    return {"settings": "\n\n".join(_chapter(known, known[Config.__name__], "", told)), "quotas": _quotas()}


def _chapter(known: Mapping[str, Section], section: Section, path: str, told: list[str]) -> Iterator[str]:
    told.append(section.name)
    rows = []
    for setting in section.settings:
        place = f"{path}{setting.name}"
        inner = known.get(setting.section)
        many = setting.type.startswith("list[")
        comment = setting.comment
        if inner is not None:
            where = f"see [`{place}{'[]' if many else ''}`](#{_anchor(place)})"
            comment = f"{comment}; {where}" if comment else where
        default = f"`{setting.default}`" if setting.default and inner is None else ""
        rows.append((f"`{setting.name}`", _type(setting, inner), default, comment))
    title = f"## `{path.rstrip('.')}`" if path else "## The document"
    yield f"{title}\n\n{section.text}\n\n{table(('setting', 'type', 'default', 'meaning'), rows)}"
    for setting in section.settings:
        inner = known.get(setting.section)
        if inner is not None and inner.name not in told:
            many = setting.type.startswith("list[")
            yield from _chapter(known, inner, f"{path}{setting.name}{'[]' if many else ''}.", told)


def _type(setting: Setting, inner: Section | None) -> str:
    if inner is None:
        return f"`{setting.type}`"
    return "list of sections" if setting.type.startswith("list[") else "section"


def _anchor(place: str) -> str:
    return re.sub(r"[^\w-]", "", place.lower())


def _quotas() -> str:
    rows = [(service, f"`{name}`", str(limit)) for service, limits in QUOTAS.items() for name, limit in limits.items()]
    return table(("service", "resource", "limit"), rows)
