"""The configuration: one typed document from YAML and environment, passed to whoever needs it.

There is no global configuration. A secret never stands in the document itself, only the path of a file that holds it,
so that the document can be shown, logged and committed.
Precedence: default, YAML file, environment (`GURUM_PIA__BODY_LIMIT=1000000`: two underscores go down a level).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import yaml

from gurum.ops.audit import AuditConfig
from gurum.ops.audit import placed as audit_placed
from gurum.ops.aws import AwsAccountConfig as AwsAccountConfig
from gurum.ops.aws import AwsConfig as AwsConfig
from gurum.ops.issuer import IssuerConfig as IssuerConfig
from gurum.ops.policy import PolicyConfig as PolicyConfig
from gurum.ops.section import ConfigError as ConfigError
from gurum.ops.section import Section as Section
from gurum.ops.sign_in import SignInConfig as SignInConfig
from gurum.ops.urls import without_password

EMBEDDED_CLUSTER = "kubernetes:embedded"


class StoreConfig(Section, frozen=True):
    """Where desired state lives.

    url: `sqlite:///path`, `postgresql://user@host/database`, `kubernetes:///kubeconfig` (`kubernetes:` within a pod,
    `kubernetes:embedded` for the control plane that `gurum up` starts) or `memory:` (tests).
    """

    url: str = "sqlite:///var/gurum.sqlite"
    journal_url: str = ""  # of Kubernetes alone, elsewhere the journal is in the store; empty: SQLite, in the state
    password_file: str = ""  # PostgreSQL: the file with the password; empty: the URL's, or ~/.pgpass
    watch_interval: float = 0.01  # SQLite: seconds between looks for other processes' writes; PostgreSQL tells of them
    journal_kept_days: float = 400.0  # a record older than that is pruned: a year of usage, and a month to read it
    tombstones_kept: float = 3600.0  # seconds a deletion is remembered for watches that resume


class IdentityConfig(Section, frozen=True):
    """The Keystone that is the service provider: ours (embedded) or, by `url`, the company's."""

    url: str = "http://127.0.0.1:5000/v3"
    embedded: bool = True
    service_user: str = "gurum"
    service_project: str = "service"
    service_domain: str = "default"
    service_password_file: str = "var/secrets/gurum"  # noqa: S105 - a path, as the name says
    token_cache_seconds: float = 60.0  # Keystone announces no removal of a role: this is how long one may live on
    revocation_poll_seconds: float = 2.0
    timeout: float = 10.0
    issuer: IssuerConfig = IssuerConfig()


class ZoneConfig(Section, frozen=True):
    """A zone as users see it (name) and as the cloud knows it (id)."""

    name: str
    id: str


class SimulatedConfig(Section, frozen=True):
    """The simulated cloud's own state file and how long its states take (seconds)."""

    state: str = "var/simulated.sqlite"
    build_seconds: float = 1.0
    power_seconds: float = 0.5


class FlavorConfig(Section, frozen=True):
    """A flavor of the catalogue. ram in MiB, disk in GiB. instance_type: the cloud's name of it."""

    name: str
    vcpus: int
    ram: int
    disk: int
    id: str = ""
    instance_type: str = ""


class ImageConfig(Section, frozen=True):
    """An image of the catalogue; cloud_id is the AMI (AWS). size in bytes, min_disk in GiB, min_ram in MiB."""

    name: str
    id: str = ""  # empty: UUIDv5 of region and name, so that it is the same on every start
    cloud_id: str = ""
    root_device: str = ""  # the AMI's root device name; empty: the root disk has the AMI's own size
    disk_format: str = "raw"
    size: int = 0
    checksum: str = ""
    os_hash_value: str = ""
    min_disk: int = 0
    min_ram: int = 0
    architecture: str = "x86_64"
    properties: dict[str, str] = msgspec.field(default_factory=dict)


class ExternalNetworkConfig(Section, frozen=True):
    """A network that routers' gateways and floating IPs are on, with one subnet. It is no project's.

    A region whose cloud chooses the addresses of floating IPs itself (AWS) has only the routers' own in it.
    """

    name: str  # of the network, as users name it: `--external-gateway public`
    subnet_name: str  # of its subnet
    cidr: str  # IPv4; an address for each router with a gateway, and for each floating IP: choose it as large
    gateway_ip: str = ""  # empty: the first address; given to no router of ours
    mtu: int = 1500  # what the network shows
    id: str = ""  # empty: UUIDv5 of region and name, so that it is the same on every start


class RegionConfig(Section, frozen=True):
    """A region: its provider, zones, catalogue, and the address its APIs are served at."""

    name: str
    provider: str
    port: int
    host: str = "127.0.0.1"
    public_url: str = ""  # what clients reach, behind a proxy; empty: http://host:port
    cloud_region: str = ""
    zones: list[ZoneConfig] = msgspec.field(default_factory=list)
    simulated: str = ""
    flavors: list[FlavorConfig] = msgspec.field(default_factory=list)
    images: list[ImageConfig] = msgspec.field(default_factory=list)
    external_networks: list[ExternalNetworkConfig] = msgspec.field(default_factory=list)
    aws: AwsConfig | None = None
    simulation: SimulatedConfig | None = None


# A project's limits by service, unless its own differ; -1: unlimited. Compute's and network's own words.
QUOTAS: dict[str, dict[str, int]] = {
    "compute": {
        "instances": 100,
        "cores": 200,
        "ram": 512000,
        "metadata_items": 128,
        "key_pairs": 100,
        "server_groups": 10,
        "server_group_members": 10,
        "injected_files": 5,
        "injected_file_content_bytes": 10240,
        "injected_file_path_bytes": 255,
        "fixed_ips": -1,
        "floating_ips": -1,
        "security_groups": -1,
        "security_group_rules": -1,
    },
    "network": {
        "network": 100,
        "subnet": 100,
        "port": 500,
        "security_group": 100,
        "security_group_rule": 500,
        "router": 10,
        "floatingip": 50,
        "rbac_policy": 10,
        "subnetpool": -1,
        "trunk": -1,
        "security_groups": -1,
    },
}


class TlsConfig(Section, frozen=True):
    """TLS of the API's ports, both files PEM; none: plain HTTP. Read again on SIGHUP."""

    cert_file: str = ""  # the certificate, then those between it and the root
    key_file: str = ""  # its private key, mode 0600


class AdmissionConfig(Section, frozen=True):
    """Where API servers of Kubernetes ask about what people change with kubectl; only with a store there."""

    port: int = 0  # 0: nobody is served; processes of one machine may share it
    host: str = "127.0.0.1"
    cert_file: str = ""  # PEM; the webhook's configuration names who signed it
    key_file: str = ""  # its private key, mode 0600; may be the same file
    client_ca_file: str = ""  # PEM of who signed the API servers' certificates; empty: whoever comes is answered


class RateLimitConfig(Section, frozen=True):
    """How many requests one process answers for whom, before 429 with Retry-After. Off unless configured."""

    project_per_second: float = 0.0  # requests a second in the long run; 0: no limit
    project_burst: float = 200.0  # requests at once
    user_per_second: float = 0.0  # requests a second in the long run; 0: no limit
    user_burst: float = 100.0  # requests at once


class PiaConfig(Section, frozen=True):
    """Limits of the API processes. Bytes and objects."""

    body_limit: int = 114688  # Nova's own (osapi_max_request_body_size)
    page_limit: int = 1000  # osapi_max_limit
    console_wait: float = 5.0  # seconds to wait for a fresh console log
    floating_ip_wait: float = 10.0  # seconds to wait for the address of a floating IP that the cloud chooses
    interface_wait: float = 20.0  # seconds to wait until an interface is attached; then it is answered as accepted
    rendered_bytes: int = 268435456  # of objects' JSON kept in memory, the most recently shown; beyond, made anew
    write_retries: int = 20  # compare-and-swap attempts before 503
    tls: TlsConfig = TlsConfig()
    admission: AdmissionConfig = AdmissionConfig()
    sign_in: SignInConfig = SignInConfig()
    rate_limit: RateLimitConfig = RateLimitConfig()
    trusted_proxies: list[str] = msgspec.field(default_factory=list)  # addresses or networks whose X-Forwarded-* count
    quotas: dict[str, dict[str, int]] = msgspec.field(default_factory=dict)  # what differs from QUOTAS

    def __post_init__(self) -> None:
        """Let a configuration name the quotas that differ, and have the rest from the defaults."""
        whole = {service: {**limits, **self.quotas.get(service, {})} for service, limits in QUOTAS.items()}
        msgspec.structs.force_setattr(self, "quotas", whole)


class EngineConfig(Section, frozen=True):
    """The controllers. Seconds, unless it says otherwise."""

    deployment: str = "gurum"  # the owner tag on everything we make: two deployments in one account differ in it
    token_key_file: str = "var/secrets/token-key"  # noqa: S105 - a path; the key of the idempotency tokens
    workers: int = 64
    nice: int = 10  # how much it yields to the API on a shared machine (Unix niceness)
    resync: float = 300.0
    sweep: float = 600.0  # between looks for leftovers in the clouds
    lease: float = 10.0  # an engine that is not heard of for so long loses its shards to the others
    backoff_base: float = 0.5
    backoff_max: float = 60.0
    metrics_port: int = 0  # 0: any free port, written to the state directory
    metrics_host: str = "127.0.0.1"


class LogConfig(Section, frozen=True):
    """Where a process logs: a directory (one JSON-lines file a process) or, empty, standard error."""

    directory: str = ""
    level: str = "INFO"
    max_bytes: int = 20_000_000  # then the file is renamed; 0: never
    keep: int = 4  # renamed files kept


class EmbeddedConfig(Section, frozen=True):
    """What `gurum up` adds on one machine. The `settings` are handed to the child as they are."""

    aws_emulator: bool = True  # run ours where a region's aws.endpoint_url is on this machine
    aws_emulator_settings: dict[str, Any] = msgspec.field(default_factory=dict)
    keystone_settings: dict[str, Any] = msgspec.field(default_factory=dict)
    federation: bool = True  # let Keystone take logins of OpenID providers, two of ours for development among them
    federation_settings: dict[str, Any] = msgspec.field(default_factory=dict)
    kubernetes: bool = False  # run a control plane of our own; store.url `kubernetes:embedded` sets it
    kubernetes_programs: str = ""  # directory of etcd, kube-apiserver and kube-controller-manager (`make kubernetes`)
    kubernetes_port: int = 8740  # the API server's; then etcd's two, controllers', webhook's, sign-in's
    ready_seconds: float = 120.0  # a part that is not ready by then has failed
    stop_seconds: float = 10.0  # from SIGTERM to SIGKILL


class Config(Section, frozen=True):
    """The whole document."""

    state: str = "var"  # directory of everything a run keeps
    store: StoreConfig = StoreConfig()
    identity: IdentityConfig = IdentityConfig()
    policy: PolicyConfig = PolicyConfig()
    pia: PiaConfig = PiaConfig()
    engine: EngineConfig = EngineConfig()
    log: LogConfig = LogConfig()
    audit: AuditConfig = AuditConfig()
    embedded: EmbeddedConfig = EmbeddedConfig()
    regions: list[RegionConfig] = msgspec.field(default_factory=list)

    def region(self, name: str) -> RegionConfig:
        """Return the region of that name. Raises ConfigError."""
        for region in self.regions:
            if region.name == name:
                return region
        raise ConfigError(f"region {name!r} is not in the configuration")


def load(path: Path | None, environ: Mapping[str, str], prefix: str = "GURUM_", state: Path | None = None) -> Config:
    """Return the configuration of a YAML file and the environment. Raises ConfigError.

    In texts of the document `${state}` stands for its `state`, made absolute (the argument wins over the document), and
    `${shipped}` for the directory that holds the policy bundle as it was shipped.
    """
    document: dict[str, Any] = {}
    if path is not None:
        try:
            document = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise ConfigError(f"cannot read the configuration {path}: {error}") from error
    if not isinstance(document, dict):
        raise ConfigError(f"the configuration {path} is not a mapping")
    for name, value in sorted(environ.items()):
        if name.startswith(prefix) and "__" in name[len(prefix) :]:
            _set(document, name[len(prefix) :].lower().split("__"), value)
    if state is not None:
        document["state"] = str(state)
    places = {"${state}": str(Path(str(document.get("state", "var"))).absolute()), "${shipped}": str(shipped())}
    try:
        return _placed(msgspec.convert(_expanded(document, places), Config, strict=False))
    except msgspec.ValidationError as error:
        raise ConfigError(f"the configuration is not valid: {error}") from error


def _placed(config: Config) -> Config:
    """Return the configuration with what lies in the state directory unless it is said to be elsewhere."""
    store, embedded, pia, state = config.store, config.embedded, config.pia, Path(config.state).absolute()
    if store.url == EMBEDDED_CLUSTER:
        embedded = msgspec.structs.replace(embedded, kubernetes=True)
        store = msgspec.structs.replace(store, url=f"kubernetes://{embedded_kubeconfig(state)}")
        if not pia.admission.port:
            both = str(embedded_admission(state))
            asked = AdmissionConfig(
                port=embedded.kubernetes_port + 4,
                cert_file=both,
                key_file=both,
                client_ca_file=str(embedded_admission(state).with_name("admission-authority.crt")),
            )
            pia = msgspec.structs.replace(pia, admission=asked)
        if not pia.sign_in.url:
            pia = msgspec.structs.replace(pia, sign_in=_embedded_sign_in(pia.sign_in, embedded.kubernetes_port, state))
    if store.url.startswith("kubernetes:") and not store.journal_url:
        store = msgspec.structs.replace(store, journal_url=f"sqlite:///{state}/journal.sqlite")
    audit = audit_placed(config.audit, state)
    return msgspec.structs.replace(config, store=store, embedded=embedded, pia=pia, audit=audit)


def _embedded_sign_in(config: SignInConfig, port: int, state: Path) -> SignInConfig:
    """Return the sign-in of the control plane that `gurum up` starts with its API server at that port."""
    return msgspec.structs.replace(
        config,
        url=f"https://127.0.0.1:{port + 5}",
        directory=str(state / "sign-in"),
        server=f"https://127.0.0.1:{port}",
        server_ca_file=str(embedded_admission(state).with_name("kubernetes-authority.crt")),
    )


def embedded_kubeconfig(state: Path) -> Path:
    """Return where the kubeconfig of the control plane is that `gurum up` starts."""
    return state / "kubernetes" / "kubeconfig"


def embedded_admission(state: Path) -> Path:
    """Return where the certificate is, with its key, by which that control plane knows the API's webhook."""
    return state / "kubernetes" / "pki" / "admission.pem"


def shipped() -> Path:
    """Return the directory with `config/` and `policy/` as they were shipped: within a wheel, or the source tree."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "shipped"
    return inside if inside.is_dir() else package.parents[1]


def _expanded(value: Any, places: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _expanded(inner, places) for name, inner in value.items()}
    if isinstance(value, list):
        return [_expanded(inner, places) for inner in value]
    if isinstance(value, str):
        for name, place in places.items():
            value = value.replace(name, place)
    return value


def _set(document: dict[str, Any], path: list[str], value: str) -> None:
    for step in path[:-1]:
        document = document.setdefault(step, {})
        if not isinstance(document, dict):
            raise ConfigError(f"an environment variable goes below {step!r}, which is not a section")
    document[path[-1]] = yaml.safe_load(value)


def shown(config: Config) -> dict[str, Any]:
    """Return the document without anything secret: secrets are files, but for a password in the store's URL."""
    document: dict[str, Any] = msgspec.to_builtins(config)
    document["store"]["url"] = without_password(config.store.url)
    document["store"]["journal_url"] = without_password(config.store.journal_url)
    return document


def show(config: Config) -> str:
    """Return the document, without anything secret, as YAML."""
    return yaml.safe_dump(shown(config), sort_keys=False)


def whole(config: Config) -> str:
    """Return the document as YAML that `load` reads: for a file that only its owner may read."""
    return yaml.safe_dump(msgspec.to_builtins(config), sort_keys=False)
