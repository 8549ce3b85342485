"""The chart, rendered: what Helm accepts, what it says to pods, and that Gurum's own loader takes its configuration."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.chart import render
from tests.chart.render import CHART, VALUES, Document, named
from tests.docs import chart, chart_schema
from tests.support.kubernetes import helm

from gurum.ops import config
from gurum.ops.config import Config, Section, load
from gurum.store.kubernetes import crds, rights, secret_rights
from gurum.store.kubernetes.kinds import USER_DATA

pytestmark = pytest.mark.kubernetes  # Helm is one of its programs

BY_NAME = {path.stem.removesuffix("-values"): path for path in VALUES}
SMALLEST, LARGEST = BY_NAME["smallest"], BY_NAME["largest"]


@pytest.fixture(scope="module", params=VALUES, ids=lambda path: path.stem)
def rendered(request: pytest.FixtureRequest) -> list[Document]:
    """Give the documents of each file of values."""
    return render.template(request.param)


@pytest.fixture(scope="module")
def largest() -> list[Document]:
    return render.template(LARGEST)


def given(name: str = "smallest") -> dict[str, Any]:
    values: dict[str, Any] = yaml.safe_load(BY_NAME[name].read_text())
    return values


def refusal(tmp_path: Path, values: dict[str, Any]) -> str:
    file = tmp_path / "values.yaml"
    file.write_text(yaml.safe_dump(values))
    with pytest.raises(RuntimeError) as error:
        render.template(file)
    return str(error.value)


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_helm_has_nothing_against_it(values: Path) -> None:
    assert "0 chart(s) failed" in render.lint(values)


def test_a_word_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    for path in ((), ("pia",), ("engine",), ("pia", "service"), ("identity",), ("networkPolicy",), ("config",)):
        values = given()
        inner = values
        for name in path:
            inner = inner.setdefault(name, {})
        inner["replicaCount"] = 3
        assert "replicaCount" in refusal(tmp_path, values), path
    values = given()
    values["config"]["regions"][0]["aws"]["throtle"] = True
    assert "throtle" in refusal(tmp_path, values)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("identity", "url"), None),
        (("identity", "url"), "keystone.example"),
        (("identity", "existingSecret"), None),
        (("journal", "url"), "sqlite:///journal"),
        (("journal", "url"), "postgresql://gurum:open-sesame@db/gurum"),
        (("tokenKey",), None),
        (("config", "regions"), []),
        (("config", "state"), "/elsewhere"),
        (("config", "engine"), {"metrics_port": 1}),
        (("pia",), {"replicas": 0}),
        (("pia",), {"service": {"type": "ExternalName"}}),
        (("pia",), {"resources": {"limits": {"gpu": 1}}}),
        (("issuer", "url"), "http://gurum.example"),
        (("config", "identity"), {"issuer": {"directory": "/elsewhere"}}),
        (("awsCredentials",), [{"account": "1", "existingSecret": {"name": "a"}}]),
    ],
)
def test_a_value_that_cannot_be_is_refused(tmp_path: Path, path: tuple[str, ...], value: Any) -> None:
    values = given()
    inner = values
    for name in path[:-1]:
        inner = inner[name]
    if value is None:
        inner.pop(path[-1], None)
    else:
        inner[path[-1]] = value
    assert "values don't meet the specifications of the schema" in refusal(tmp_path, values)


def test_gurum_takes_the_configuration(rendered: list[Document], tmp_path: Path) -> None:
    (document,) = (one for one in named(rendered, "ConfigMap").values() if "gurum.yaml" in one["data"])
    file = tmp_path / "gurum.yaml"
    file.write_text(document["data"]["gurum.yaml"])
    found = load(file, {})
    assert found.store.url == "kubernetes:///var/run/secrets/kubernetes.io/serviceaccount"
    assert not found.identity.embedded
    assert found.log.directory == ""
    assert {region.port for region in found.regions} == {8774}


def test_every_setting_arrives(largest: list[Document], tmp_path: Path) -> None:
    file = tmp_path / "gurum.yaml"
    file.write_text(named(largest, "ConfigMap")["region"]["data"]["gurum.yaml"])
    found = load(file, {})
    assert (found.store.journal_kept_days, found.engine.workers, found.engine.sweep) == (90, 16, 1_200_000)
    assert (found.pia.body_limit, found.pia.quotas["compute"]["instances"]) == (20_000_000, 20_000_000)
    assert found.pia.rate_limit.user_per_second == 20
    assert found.pia.tls.cert_file == "/run/secrets/gurum/tls/tls.crt"
    assert found.pia.admission.client_ca_file == "/run/secrets/gurum/admission/client-ca.crt"
    assert found.policy.bundle == "/etc/gurum-policy"
    one, aws = found.regions
    assert one.simulation is not None
    assert (one.simulation.build_seconds, one.images[0].size) == (0.5, 3_000_000_000)
    assert aws.aws is not None
    assert [a.credentials_file or a.role for a in aws.aws.accounts] == [
        "/run/secrets/gurum/aws/111122223333.json", "/run/secrets/gurum/aws/444455556666.json", "/teams/gurum"
    ]  # fmt: skip
    issuer = found.identity.issuer
    assert (issuer.url, issuer.directory) == ("https://gurum.example/aws", "/run/secrets/gurum/issuer")
    assert issuer.rotate_days == 7
    assert aws.aws.rates == {"*": (5, 10)}


def test_what_a_process_reads_is_mounted(rendered: list[Document]) -> None:
    """The configuration names files: each is in the pod of whom it concerns, and a secret in no other."""
    (document,) = (one for one in named(rendered, "ConfigMap").values() if "gurum.yaml" in one["data"])
    text = document["data"]["gurum.yaml"]
    files = set(re.findall(r"(?<!\w)/(?:run/secrets|etc)/[\w./-]+", text))
    for pod in render.pods(rendered):
        (container,) = pod["spec"]["containers"]
        engine = container["name"] == "engine"
        mounts = [one["mountPath"] for one in container["volumeMounts"]]
        assert len(mounts) == len(set(mounts))
        for file in files:
            there = any(file == mount or file.startswith(f"{mount}/") for mount in mounts)
            engines = "/token-key/" in file or "/aws/" in file or file.endswith("/issuer")
            both = "/journal/" in file
            assert there == (both or engines == engine), (container["name"], file)
        used = {one["name"] for one in container["volumeMounts"]}
        assert used == {one["name"] for one in pod["spec"]["volumes"]}


def test_a_role_without_an_issuer_is_refused(tmp_path: Path) -> None:
    """A Secret cannot be forgotten, because the pod does not start without it; an issuer could be."""
    for missing in ("url", "volume"):
        values = given()
        del values["issuer"][missing]
        assert "account 111122223333 has a role: issuer.url and issuer.volume must be given" in refusal(
            tmp_path, values
        )


def test_pods_are_modest(rendered: list[Document]) -> None:
    for pod in render.pods(rendered):
        (container,) = pod["spec"]["containers"]
        assert container["securityContext"]["readOnlyRootFilesystem"]
        assert container["resources"]["requests"]
        assert container["resources"]["limits"]["memory"]
        assert {"startupProbe", "livenessProbe", "readinessProbe"} <= container.keys()
        assert pod["spec"]["automountServiceAccountToken"] is False
        assert pod["metadata"]["annotations"]["checksum/config"]
        assert not any("value" not in one for one in container["env"])
        grace, sleep = pod["spec"]["terminationGracePeriodSeconds"], container.get("lifecycle")
        assert grace >= 30 + (sleep["preStop"]["sleep"]["seconds"] if sleep else 0)


def test_selectors_choose_their_pods_and_no_others(rendered: list[Document]) -> None:
    pods = {pod["metadata"]["name"]: pod["metadata"]["labels"] for pod in render.pods(rendered)}
    for kind, path in (("Service", ("selector",)), ("PodDisruptionBudget", ("selector", "matchLabels"))):
        for name, one in named(rendered, kind).items():
            selector = one["spec"]
            for step in path:
                selector = selector[step]
            chosen = {pod for pod, labels in pods.items() if selector.items() <= labels.items()}
            every = {pod for pod in pods if "-pia-" in pod}  # of whatever region: each knows all regions' rules
            assert chosen == (every if name.endswith("-admission") else {name})
    for name, one in named(rendered, "Deployment").items():
        assert one["spec"]["selector"]["matchLabels"].items() <= pods[name].items()


def test_another_configuration_is_another_pod(tmp_path: Path) -> None:
    def checksums(values: dict[str, Any]) -> set[str]:
        file = tmp_path / "values.yaml"
        file.write_text(yaml.safe_dump(values))
        return {pod["metadata"]["annotations"]["checksum/config"] for pod in render.pods(render.template(file))}

    values = given()
    before = checksums(values)
    assert checksums(values) == before
    values["config"]["regions"][0]["flavors"][0]["ram"] = 4096
    assert not checksums(values) & before


def test_definitions_outlive_the_release(rendered: list[Document]) -> None:
    found = named(rendered, "CustomResourceDefinition")
    assert set(found) == {one["metadata"]["name"] for one in crds.all()}
    kept = [*found.values(), *(named(rendered, "Namespace")[name] for name in ("gurum-system", USER_DATA))]
    assert all(one["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep" for one in kept)


def test_roles_are_those_of_the_processes(rendered: list[Document]) -> None:
    roles = named(rendered, "ClusterRole")
    assert roles == {role["metadata"]["name"]: role for role in rights.all()}
    bound = {one["roleRef"]["name"]: one["subjects"] for one in named(rendered, "ClusterRoleBinding").values()}
    accounts = named(rendered, "ServiceAccount")
    for role in chart.PODS:
        (subject,) = bound.pop(role)
        assert subject["name"] in accounts
        assert {"automountServiceAccountToken": False}.items() <= accounts[subject["name"]].items()
    assert set(bound) <= {"gurum-catalogue"}


def test_user_data_is_reached_by_the_processes_alone_and_in_its_namespace(rendered: list[Document]) -> None:
    roles, bindings = named(rendered, "Role"), named(rendered, "RoleBinding")
    assert roles == {
        one["metadata"]["name"]: one for one in secret_rights.roles() if one["metadata"]["name"] in chart.PODS
    }
    assert {one["metadata"]["namespace"] for one in (*roles.values(), *bindings.values())} == {USER_DATA}
    accounts = named(rendered, "ServiceAccount")
    assert {one["roleRef"]["name"] for one in bindings.values()} == set(chart.PODS)
    for one in bindings.values():
        (subject,) = one["subjects"]
        assert subject["name"] in accounts
        assert subject["name"].rpartition("-")[2] == one["roleRef"]["name"].rpartition("-")[2]
    everywhere = [rule for role in named(rendered, "ClusterRole").values() for rule in role["rules"]]
    assert not [rule for rule in everywhere if "secrets" in rule["resources"]]


def test_what_may_be_left_out(tmp_path: Path) -> None:
    values = given() | {
        "crds": {"install": False}, "guard": {"install": False}, "rbac": {"people": False},
        "networkPolicy": {"enabled": False},
    }  # fmt: skip
    file = tmp_path / "values.yaml"
    file.write_text(yaml.safe_dump(values))
    found = render.template(file)
    kinds = {one["kind"] for one in found}
    assert not kinds & {"CustomResourceDefinition", "ValidatingAdmissionPolicy", "NetworkPolicy", "ServiceMonitor"}
    assert set(named(found, "ClusterRole")) == set(chart.PODS)


def test_in_the_namespace_of_what_is_shared_it_makes_none() -> None:
    done = helm("template", "gurum", str(CHART), "--namespace", "gurum-system", "--values", str(SMALLEST))
    made = named([one for one in yaml.safe_load_all(done.stdout) if one], "Namespace")
    assert set(made) == {USER_DATA}, "that of the Secrets is nobody else's"


def test_monitors_ask_where_metrics_are(largest: list[Document]) -> None:
    services = named(largest, "Service")
    for name, one in named(largest, "ServiceMonitor").items():
        selector = one["spec"]["selector"]["matchLabels"]
        chosen = [each for each in services.values() if selector.items() <= each["metadata"]["labels"].items()]
        assert chosen, name
        (endpoint,) = one["spec"]["endpoints"]
        assert all(endpoint["port"] in {port["name"] for port in each["spec"]["ports"]} for each in chosen)


def test_policies_let_out_what_is_configured(largest: list[Document]) -> None:
    def ports(name: str) -> set[int]:
        policy = named(largest, "NetworkPolicy")[name]
        return {one["port"] for rule in policy["spec"]["egress"] for one in rule["ports"]}

    assert ports("region-pia") == {53, 6443, 6432, 5000, 8080}
    assert ports("region-engine") == {53, 6443, 6432, 443, 3128, 8080}


def test_values_and_schema_say_the_same() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    values = yaml.safe_load((CHART / "values.yaml").read_text())

    def compare(properties: dict[str, Any], said: dict[str, Any], path: str) -> None:
        assert set(said) == set(properties), path
        for name, each in properties.items():
            if each.get("properties") and "default" not in each:
                compare(each["properties"], said[name], f"{path}.{name}")
            elif "default" in each:
                assert said[name] == each["default"], f"{path}.{name}"

    own = {name: each for name, each in schema["properties"].items() if name not in ("config", "global")}
    compare(own, {name: each for name, each in values.items() if name != "config"}, "")


def test_the_largest_values_say_everything() -> None:
    said, schema = given("largest"), chart_schema.schema()
    own = set(schema["properties"]) - {"global"}
    assert set(said) == own
    for part in ("pia", "engine", "networkPolicy", "serviceMonitor", "identity", "image", "issuer"):
        assert set(said[part]) == set(schema["properties"][part]["properties"]), part


def test_what_the_chart_sets_exists() -> None:
    for name, fields in {**chart_schema.CHART, **chart_schema.GIVEN}.items():
        section: type[Section] = getattr(config, name)
        assert set(fields) <= set(section.__struct_fields__), name
    assert set(Config.__struct_fields__) - set(chart_schema.CHART["Config"]) == set(
        chart_schema.schema()["properties"]["config"]["properties"]
    )
