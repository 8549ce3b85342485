"""A real control plane: rights, what it does for its objects, and that no crash loses what it acknowledged."""

import http.client
import json
import os
import signal
import ssl
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from tests.support.etcd import Etcd
from tests.support.kubernetes import control_plane, kubectl, program, programs

from gurum.supervisor.kubernetes.pki import API, ETCD
from gurum.supervisor.kubernetes.plane import ControlPlane
from gurum.supervisor.rows import Refusal

pytestmark = [pytest.mark.real, pytest.mark.kubernetes]

CRD = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: clouds.test.gurum.cloud}
spec:
  group: test.gurum.cloud
  scope: Namespaced
  names: {kind: Cloud, plural: clouds, singular: cloud}
  versions:
    - name: v1
      served: true
      storage: true
      subresources: {status: {}}
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec: {type: object, properties: {number: {type: integer}}}
            status: {type: object, properties: {state: {type: string}}}
"""


def cloud(name: str, number: int = 0, **metadata: object) -> str:
    return json.dumps(
        {
            "apiVersion": "test.gurum.cloud/v1",
            "kind": "Cloud",
            "metadata": {"name": name, **metadata},
            "spec": {"number": number},
        }
    )


def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.05)


def ask(port: int, path: str, context: ssl.SSLContext) -> int:
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=30)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def define(plane: ControlPlane) -> None:
    kubectl(plane.kubeconfig, "apply", "-f", "-", stdin=CRD)
    kubectl(plane.kubeconfig, "wait", "--for=condition=Established", "--timeout=60s", "crd/clouds.test.gurum.cloud")


@pytest.fixture(scope="module")
def shared() -> Iterator[ControlPlane]:
    with control_plane() as plane:
        define(plane)
        yield plane


def test_it_is_the_version_that_is_pinned(shared: ControlPlane) -> None:
    version = json.loads(kubectl(shared.kubeconfig, "version", "-o", "json").stdout)
    pinned = (Path(__file__).parents[2] / "tools" / "kubernetes" / "go.mod").read_text()
    for side in ("serverVersion", "clientVersion"):
        assert f"\tk8s.io/kubernetes {version[side]['gitVersion']}\n" in pinned.replace(" // indirect", "")
        assert f"v{version[side]['major']}.{version[side]['minor']}." in version[side]["gitVersion"]


def test_an_object_and_its_status(shared: ControlPlane) -> None:
    kubectl(shared.kubeconfig, "create", "-f", "-", stdin=cloud("first", 7))
    kubectl(shared.kubeconfig, "patch", "cloud", "first", "--subresource=status", "--type=merge",
            "-p", '{"status":{"state":"up"}}')  # fmt: skip
    found = json.loads(kubectl(shared.kubeconfig, "get", "cloud", "first", "-o", "json").stdout)
    assert (found["spec"], found["status"]) == ({"number": 7}, {"state": "up"})


def test_a_certificate_alone_gives_no_right(shared: ControlPlane) -> None:
    nobody = shared.user("nobody", "strangers")
    for words in (("get", "clouds"), ("get", "secrets", "-A"), ("create", "namespace", "x")):
        denied = kubectl(nobody, *words, check=False)
        assert denied.returncode == 1
        assert 'forbidden: User "nobody" cannot' in denied.stderr, words


def test_a_right_is_what_was_given_and_no_more(shared: ControlPlane) -> None:
    reader = shared.user("reader", "readers")
    kubectl(shared.kubeconfig, "create", "role", "reads", "--verb=get,list", "--resource=clouds.test.gurum.cloud")
    kubectl(shared.kubeconfig, "create", "rolebinding", "reads", "--role=reads", "--group=readers")
    until(lambda: kubectl(reader, "get", "clouds", check=False).returncode == 0)
    for words in (("delete", "clouds", "--all"), ("get", "clouds", "-n", "kube-system")):
        assert "forbidden" in kubectl(reader, *words, check=False).stderr


def test_without_a_certificate_not_even_the_version(shared: ControlPlane) -> None:
    context = ssl.create_default_context(cafile=str(shared.plane.pki.believed(API)))
    for path in ("/version", "/readyz", "/api"):
        assert ask(shared.plane.port, path, context) == 401


def test_no_user_reaches_etcd_past_the_api_server(shared: ControlPlane) -> None:
    """Not the administrator of the cluster either: what is written there is checked by nobody."""
    context = ssl.create_default_context(cafile=str(shared.plane.pki.believed(ETCD)))
    for certificate in (None, shared.plane.pki.leaf("administrator")):
        if certificate:
            context.load_cert_chain(certificate)
        with pytest.raises((ssl.SSLError, ConnectionResetError, BrokenPipeError)):
            ask(shared.plane.port + 1, "/version", context)


def test_all_listen_on_loopback_alone(shared: ControlPlane) -> None:
    inodes = {}
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            columns = line.split()
            if columns[3] == "0A":
                inodes[f"socket:[{columns[9]}]"] = columns[1].split(":")
    listening = []
    for name in shared.components:
        open_files = [os.readlink(link) for link in Path(f"/proc/{shared.pid(name)}/fd").iterdir()]
        listening += [inodes[target] for target in open_files if target in inodes]
    assert {address for address, _ in listening} == {"0100007F"}
    assert sorted(int(port, 16) for _, port in listening) == [shared.plane.port + number for number in range(4)]


def test_what_is_owned_goes_with_its_owner(shared: ControlPlane) -> None:
    kubectl(shared.kubeconfig, "create", "-f", "-", stdin=cloud("owner"))
    uid = kubectl(shared.kubeconfig, "get", "cloud", "owner", "-o", "jsonpath={.metadata.uid}").stdout
    owner = {"apiVersion": "test.gurum.cloud/v1", "kind": "Cloud", "name": "owner", "uid": uid}
    kubectl(shared.kubeconfig, "create", "-f", "-", stdin=cloud("owned", ownerReferences=[owner]))
    kubectl(shared.kubeconfig, "delete", "cloud", "owner")
    until(lambda: "NotFound" in kubectl(shared.kubeconfig, "get", "cloud", "owned", check=False).stderr)


def test_a_namespace_goes_with_all_that_is_in_it(shared: ControlPlane) -> None:
    kubectl(shared.kubeconfig, "create", "namespace", "short")
    kubectl(shared.kubeconfig, "create", "-n", "short", "-f", "-", stdin=cloud("inside"))
    kubectl(shared.kubeconfig, "delete", "namespace", "short", "--timeout=60s")
    assert "NotFound" in kubectl(shared.kubeconfig, "get", "namespace", "short", check=False).stderr


def test_a_count_is_limited(shared: ControlPlane) -> None:
    kubectl(shared.kubeconfig, "create", "namespace", "limited")
    kubectl(shared.kubeconfig, "create", "quota", "few", "-n", "limited", "--hard=count/clouds.test.gurum.cloud=1")

    def counted() -> bool:
        where = ("-n", "limited", "-o", r"jsonpath={.status.hard}")
        return "clouds" in kubectl(shared.kubeconfig, "get", "quota", "few", *where).stdout

    until(counted)
    kubectl(shared.kubeconfig, "create", "-n", "limited", "-f", "-", stdin=cloud("one"))
    second = kubectl(shared.kubeconfig, "create", "-n", "limited", "-f", "-", stdin=cloud("two"), check=False)
    assert "exceeded quota: few" in second.stderr


def test_a_service_account_signs_in_by_token(shared: ControlPlane) -> None:
    kubectl(shared.kubeconfig, "create", "serviceaccount", "engine")
    token = kubectl(shared.kubeconfig, "create", "token", "engine").stdout.strip()
    document = yaml.safe_load(shared.kubeconfig.read_text())
    document["users"][0]["user"] = {"token": token}
    other = shared.plane.directory / "engine.kubeconfig"
    other.write_text(yaml.safe_dump(document))
    assert "system:serviceaccount:default:engine" in kubectl(other, "auth", "whoami").stdout
    assert "forbidden" in kubectl(other, "get", "clouds", check=False).stderr


def test_helm_finds_it(shared: ControlPlane) -> None:
    environ = {"KUBECONFIG": str(shared.kubeconfig), "HOME": str(shared.plane.directory)}
    done = subprocess.run([program("helm"), "list", "-A"], env=environ, capture_output=True, text=True, check=True)
    assert "NAMESPACE" in done.stdout


@pytest.mark.parametrize("killed", [("kube-apiserver",), ("etcd",), ("etcd", "kube-apiserver")], ids="+".join)
def test_no_crash_loses_what_was_acknowledged(kubernetes_plane: ControlPlane, killed: tuple[str, ...]) -> None:
    plane = kubernetes_plane
    define(plane)
    acknowledged = []
    for number in range(12):
        name = f"cloud-{number}"
        kubectl(plane.kubeconfig, "create", "-f", "-", stdin=cloud(name, number))
        acknowledged.append(name)
        if number in (3, 7):
            for component in killed:
                plane.kill(component)
            for component in killed:
                plane.restart(component)
            until(lambda: kubectl(plane.kubeconfig, "get", "clouds", check=False).returncode == 0)
    found = json.loads(kubectl(plane.kubeconfig, "get", "clouds", "-o", "json").stdout)["items"]
    assert sorted(item["metadata"]["name"] for item in found) == sorted(acknowledged)


def test_a_backup_takes_the_versions_back(kubernetes_plane: ControlPlane, tmp_path: Path) -> None:
    plane = kubernetes_plane

    def version() -> int:
        namespaces = kubectl(plane.kubeconfig, "get", "--raw", "/api/v1/namespaces").stdout
        return int(json.loads(namespaces)["metadata"]["resourceVersion"])

    kubectl(plane.kubeconfig, "create", "namespace", "before")
    plane.save(tmp_path / "backup")
    # So many that what the parts write by themselves does not make up for it.
    many = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"map-{number}"}} for number in range(100)]
    kubectl(
        plane.kubeconfig, "create", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": many})
    )
    kubectl(plane.kubeconfig, "create", "namespace", "after")
    late = version()
    plane.restore(tmp_path / "backup")
    kubectl(plane.kubeconfig, "get", "namespace", "before")
    assert "NotFound" in kubectl(plane.kubeconfig, "get", "namespace", "after", check=False).stderr
    assert version() < late


def test_what_is_written_past_the_api_server_is_served_by_it(shared: ControlPlane) -> None:
    """So a suite fills a cluster faster than anybody may by the API."""
    kubectl(shared.kubeconfig, "create", "-f", "-", stdin=cloud("mould", 1))
    prefix = "/registry/test.gurum.cloud/clouds/default/"
    with Etcd(shared) as etcd:
        mould = json.loads(etcd.get(f"{prefix}mould"))

        def clone(number: int) -> bytes:
            metadata = {**mould["metadata"], "name": f"clone-{number}", "uid": str(uuid.uuid4())}
            return json.dumps({**mould, "metadata": metadata, "spec": {"number": number}}).encode()

        etcd.put({f"{prefix}clone-{number}": clone(number) for number in range(300)})
        assert etcd.get(f"{prefix}nothing") == b""
    found = json.loads(kubectl(shared.kubeconfig, "get", "clouds", "-o", "json").stdout)["items"]
    numbers = [item["spec"]["number"] for item in found if item["metadata"]["name"].startswith("clone-")]
    assert sorted(numbers) == list(range(300))


def test_it_is_stopped_and_started_where_it_lay(tmp_path: Path) -> None:
    plane = ControlPlane(tmp_path / "plane", programs(), durable=False)
    with plane:
        kubectl(plane.kubeconfig, "create", "namespace", "kept")
        first = {name: plane.pid(name) for name in plane.components}
        plane.start()  # all run
        assert {name: plane.pid(name) for name in plane.components} == first
        text = plane.kubeconfig.read_text()
    with pytest.raises(KeyError):
        plane.pid("etcd")
    with ControlPlane(tmp_path / "plane", programs(), port=plane.plane.port, durable=False):
        assert plane.kubeconfig.read_text() == text
        kubectl(plane.kubeconfig, "get", "namespace", "kept")


def test_what_cannot_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "plane").mkdir()
    (tmp_path / "plane" / "etcd").write_text("this is no directory")
    plane = ControlPlane(tmp_path / "plane", programs())
    with pytest.raises(Refusal, match=r"(?s)etcd ended before it was ready: .*not a directory"), plane:
        pass


STARTER = """
import sys, time
from pathlib import Path
from gurum.supervisor.kubernetes.plane import ControlPlane
with ControlPlane(Path(sys.argv[1]), Path(sys.argv[2]), durable=False) as plane:
    print(*(plane.pid(name) for name in plane.components), flush=True)
    time.sleep(600)
"""


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_test_leaves_nothing_running(tmp_path: Path, number: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STARTER, str(tmp_path / "plane"), str(programs())], stdout=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdout
        pids = [int(word) for word in starter.stdout.readline().split()]
        assert len(pids) == 3
        assert all(_alive(pid) for pid in pids)
        starter.send_signal(number)
    until(lambda: not any(_alive(pid) for pid in pids))
