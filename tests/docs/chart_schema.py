"""`values.schema.json` of the chart: what is the chart's own, row by row, and Gurum's settings from their types.

Two descriptions of one configuration would differ soon, and what the chart's lets through the program then refuses in a
pod that crashes. So the part below `config` is made of the same classes that the program reads, less what follows from
being in a cluster and is no operator's to choose.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from tests.docs import configuration

from gurum.ops.config import Config

Schema = dict[str, Any]

# By class: settings that the chart sets itself.
CHART = {
    "Config": ("state", "policy", "audit", "embedded"),
    "StoreConfig": ("url", "journal_url", "password_file", "watch_interval", "tombstones_kept"),
    "IdentityConfig": ("url", "embedded", "service_user", "service_project", "service_domain", "service_password_file"),
    "IssuerConfig": ("url", "directory"),
    "EngineConfig": ("token_key_file", "metrics_port", "metrics_host", "nice"),
    "PiaConfig": ("tls", "admission"),
    "LogConfig": ("directory", "max_bytes", "keep"),
    "RegionConfig": ("host", "port"),
    "AwsAccountConfig": ("credentials_file",),
}
# By class: what has a default on one machine, and none in a cluster.
GIVEN = {"Config": ("regions",), "RegionConfig": ("public_url",)}
_UNUSED = {"EmbeddedConfig", "PolicyConfig", "TlsConfig", "AdmissionConfig", "AuditConfig"}


def text(description: str, default: str | None = "", **further: Any) -> Schema:
    """Return a text; default None: it must be given."""
    return {"type": "string", "description": description} | _default(default) | further


def whole(description: str, default: int, **further: Any) -> Schema:
    """Return a number."""
    return {"type": "integer", "description": description, "default": default, "minimum": 0} | further


def flag(description: str, default: bool) -> Schema:
    """Return a switch."""
    return {"type": "boolean", "description": description, "default": default}


def one(description: str, required: Iterable[str] = (), /, **properties: Schema) -> Schema:
    """Return a mapping with these names and no others."""
    made: Schema = {"type": "object", "description": description, "additionalProperties": False}
    return made | ({"required": list(required)} if required else {}) | {"properties": properties}


def many(description: str, items: Schema) -> Schema:
    """Return a list."""
    return {"type": "array", "description": description, "default": [], "items": items}


def kubernetes(description: str, kind: str) -> Schema:
    """Return a part of a manifest that is Kubernetes' own and is put there as it is. kind: `object` or `array`."""
    made: Schema = {"type": kind, "description": f"{description} (Kubernetes' own)"}
    return made | ({"default": [], "items": {"type": "object"}} if kind == "array" else {"default": {}})


def words(description: str) -> Schema:
    """Return a mapping of texts."""
    return {"type": "object", "description": description, "default": {}, "additionalProperties": {"type": "string"}}


def _default(value: Any) -> Schema:
    return {} if value is None else {"default": value}


def _secret(what: str, key: str, *, needed: bool) -> Schema:
    name = text(f"the Secret with {what}", None if needed else "", **({"minLength": 1} if needed else {}))
    return one(
        f"{what}, in a Secret that is there before the release", ("name",) if needed else (),
        name=name, key=text("its key", key, minLength=1),
    )  # fmt: skip


def _process(what: str, memory: str, **further: Schema) -> Schema:
    quantity = {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?(m|k|M|G|Ki|Mi|Gi)?$"}
    amounts = {"type": "object", "additionalProperties": False, "properties": {"cpu": quantity, "memory": quantity}}
    return one(
        what,
        replicas=whole("pods", 2, minimum=1),
        resources=one(
            f"what a pod asks for, and may have at most ({memory})",
            requests=amounts
            | {"description": "what the scheduler keeps for it", "default": {"cpu": "250m", "memory": "256Mi"}},
            limits=amounts
            | {"description": "above it, it is ended (memory) or slowed (cpu)", "default": {"memory": "1Gi"}},
        ),
        maxUnavailable={
            "type": ["integer", "string"],
            "description": "pods that a drain of nodes may take away at once: a number, or a percentage",
            "default": 1,
        },
        podAnnotations=words("further annotations of the pods"),
        podLabels=words("further labels of the pods"),
        nodeSelector=words("labels of the nodes that it may be on"),
        tolerations=kubernetes("taints that it bears", "array"),
        affinity=kubernetes("where it would rather be; it is spread over zones and nodes in any case", "object"),
        priorityClassName=text("its priority class"),
        volumes=kubernetes("further volumes of the pods", "array"),
        volumeMounts=kubernetes("where those are in the container", "array"),
        **further,
    )


def _own() -> dict[str, Schema]:
    return {
        "nameOverride": text("the chart's name in labels and names"),
        "fullnameOverride": text("the beginning of every object's name, whatever the release is called"),
        "image": one(
            "the image that `deploy/Containerfile` makes",
            repository=text("its name, with the registry", "gurum", minLength=1),
            tag=text("empty: the chart's appVersion"),
            pullPolicy=text("when it is fetched", "IfNotPresent", enum=["Always", "IfNotPresent", "Never"]),
            pullSecrets=many("names of Secrets for the registry", {"type": "string"}),
        ),
        "crds": one(
            "the custom resource definitions",
            install=flag("false: somebody else applies them (`gurum kubernetes crds`), before each upgrade", True),
        ),
        "guard": one(
            "the admission policies that keep ids and causes to Gurum's own processes",
            install=flag("false: somebody else applies them (`gurum kubernetes admission`)", True),
        ),
        "admission": one(
            "the API's webhook, which reviews what people change and delete with kubectl by the API's own rules",
            existingSecret=text(
                "a Secret of type `kubernetes.io/tls`, for the name `RELEASE-admission.NAMESPACE.svc`; empty: nobody is"
                " asked, and kubectl may do what OpenStack would refuse"
            ),
            caBundle=text("who signed that certificate: PEM, in base64; cert-manager's injector may fill it in"),
            clientCaKey=text(
                "the key, in the same Secret, of who signed the certificates by which API servers show who they are"
                " (PEM): nobody else is answered; empty: whoever comes is. An API server shows one where its"
                " admission configuration names it"
            ),
            annotations=words("of the webhook's configuration, such as cert-manager's"),
        ),
        "rbac": one(
            "roles",
            people=flag("make the roles of members, readers and operators too; they join `edit`, `admin` and `view`",
                        True),
            catalogueForEverybody=flag("let everybody who signs in to the cluster see flavors and regions", False),
        ),
        "identity": one(
            "the company's Keystone", ("url", "existingSecret"),
            url=text("its v3 API, as the pods reach it", None, pattern="^https?://.+/v3$"),
            user=text("who validates tokens; needs the role `service`", "gurum", minLength=1),
            project=text("that user's project", "service", minLength=1),
            domain=text("id of the domain of both", "default", minLength=1),
            existingSecret=_secret("that user's password", "password", needed=True),
        ),
        "journal": one(
            "the PostgreSQL database of the journal, beside the cluster", ("url",),
            url=text("`postgresql://user@host/database?sslmode=verify-full`, without a password", None,
                     pattern="^postgres(ql)?://[^:@/]*@?[^@]*$"),
            existingSecret=_secret("its password", "password", needed=False),
        ),
        "tokenKey": one(
            "the key of the idempotency tokens: who loses it may make instances twice", ("existingSecret",),
            existingSecret=_secret("at least 32 random characters", "token-key", needed=True),
        ),
        "issuer": one(
            "Gurum as the issuer whose tokens AWS gives sessions for: needed where an account of `config.regions` has a"
            " `role`",
            url=text("where AWS reads its two public documents; accounts trust it by name", "",
                     pattern="^(https://.+)?$"),
            volume=kubernetes(
                "the volume with its signing keys, which the engine alone has. Where it can be written and several pods"
                " may have it, the engines turn the keys; else `gurum issuer rotate` does, somewhere else", "object"),
        ),
        "awsCredentials": many(
            "stored keys of those AWS accounts of `config.regions` that have no `role`; the engine alone has them",
            one(
                "an account", ("account", "existingSecret"),
                account=text("twelve digits", None, pattern="^[0-9]{12}$"),
                existingSecret=_secret('`{"access_key_id", "secret_access_key"}`', "credentials.json", needed=True),
            ),
        ),
        "policy": one(
            "who may do what",
            volume=kubernetes("a volume with a bundle of your own, such as `configMap: …`; empty: the shipped bundle",
                              "object"),
        ),
        "trust": one(
            "the company's certificate authorities",
            existingConfigMap=text("a ConfigMap with all that shall be believed, as PEM; empty: the image's"),
            key=text("its key", "ca.crt", minLength=1),
        ),
        "proxy": one(
            "the way out to AWS, for the engine",
            https=text("its URL"),
            exceptions=text("what is reached without it, as in NO_PROXY: the cluster's own addresses among it"),
        ),
        "bindAddress": text("where the processes listen; `::` in a cluster of IPv6", "0.0.0.0", minLength=2),
        "pia": _process(
            "the Public Infra API: a Deployment a region",
            "6 KiB an object of its region beside 100 MiB",
            service=one(
                "how it is reached",
                type=text("of the Service", "ClusterIP", enum=["ClusterIP", "NodePort", "LoadBalancer"]),
                port=whole("of the Service", 80, minimum=1, maximum=65535),
                annotations=words("of the Service"),
            ),
            tls=one("TLS in the pods themselves",
                    existingSecret=text("a Secret of type `kubernetes.io/tls`; empty: plain HTTP, behind a gateway")),
            drainSeconds=whole("seconds a pod still takes requests after it was told to go", 5, maximum=300),
        ),
        "engine": _process("the controllers", "beside 100 MiB what all regions have"),
        "networkPolicy": one(
            "who may talk to the pods, and they to whom",
            enabled=flag("make them", True),
            clients=kubernetes("from where the API is reached; empty: from everywhere", "array"),
            metrics=kubernetes("from where the engine's metrics are; empty: from everywhere", "array"),
            apiServerPorts=many("ports of the cluster's API server", {"type": "integer"}) | {"default": [443, 6443]},
            egress=kubernetes("further rules of egress", "array"),
        ),
        "serviceMonitor": one(
            "for the Prometheus operator",
            enabled=flag("make them; its definitions must be there", False),
            interval=text("between looks", "30s", pattern="^[0-9]+(s|m)$"),
            labels=words("that its Prometheus selects by"),
        ),
    }  # fmt: skip


def schema() -> Schema:
    """Return the schema of the values (JSON Schema, draft 7, which every release of Helm reads)."""
    config, definitions = _settings()
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Values of the chart gurum",
        "type": "object",
        "additionalProperties": False,
        "required": ["identity", "journal", "tokenKey", "config"],
        "properties": {
            **_own(),
            "config": config,
            "global": {"type": "object", "description": "Helm's own, for charts that contain this one"},
        },
        "definitions": definitions,
    }


def render() -> str:
    """Return the file."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


def _settings() -> tuple[Schema, dict[str, Schema]]:
    """Return the schema of `config`, and those of the sections below it."""
    (_,), found = msgspec.json.schema_components([Config], ref_template="#/definitions/{name}")
    made = {name: _section(name, each) for name, each in found.items() if name not in _UNUSED}
    return made.pop("Config") | {"description": "Gurum's own settings, but for those that the chart sets"}, made


def _section(name: str, found: Mapping[str, Any]) -> Schema:
    told = {each.name: each for each in configuration.sections()[name].settings}
    properties = {
        field: _older(each) | ({"description": told[field].comment} if told[field].comment else {})
        for field, each in found["properties"].items()
        if field not in CHART.get(name, ())
    }
    for field in GIVEN.get(name, ()):
        properties[field].pop("default", None)
        properties[field] |= {"minItems" if properties[field]["type"] == "array" else "minLength": 1}
    needed = [field for field in found.get("required", ()) if field in properties]
    return {
        "type": "object",
        "description": configuration.sections()[name].text.split("\n\n")[0],
        "additionalProperties": False,
        "properties": properties,
        "required": [*needed, *GIVEN.get(name, ())],
    }


def _older(each: Schema) -> Schema:
    """Return what says the same in draft 7: beside a reference nothing counts, and a tuple is called otherwise."""
    if "anyOf" in each:  # a section, or none
        each = next(one for one in each["anyOf"] if "$ref" in one)
    if "allOf" in each or "$ref" in each:
        reference = each.get("$ref") or each["allOf"][0]["$ref"]
        return {"allOf": [{"$ref": reference}]}
    made = {key: value for key, value in each.items() if key != "title"}
    if "prefixItems" in made:
        made["items"] = made.pop("prefixItems")
    for inner in ("items", "additionalProperties"):
        if isinstance(made.get(inner), dict):
            made[inner] = _older(made[inner])
    return made
