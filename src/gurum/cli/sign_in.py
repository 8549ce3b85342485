"""`gurum kubeconfig`, `gurum kubernetes-token`: one sign-in for kubectl, with the login that a person has already.

The file that the first writes holds no secret: it names the second, which kubectl runs whenever it needs a token.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from base64 import b64encode
from pathlib import Path
from typing import Any

from gurum.cli import output
from gurum.cli.command import Command, Surroundings
from gurum.supervisor.rows import Refusal

KIND = "client.authentication.k8s.io/v1"
# Of the login, what is no secret and would be missing when kubectl is run from somewhere else.
KEPT = ("OS_CLIENT_CONFIG_FILE",)


def _login_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--cloud", default="", help="one of clouds.yaml (default: OS_CLOUD, or the OS_* variables)")
    parser.add_argument("--region", default="", help="the region whose cluster is meant (default: the login's)")
    parser.add_argument("--project", default="", help="another project than the login's: its name or id")
    parser.add_argument("--url", default="", help="where the region's APIs are (default: as the catalogue says)")


def _kubeconfig_arguments(parser: ArgumentParser) -> None:
    _login_arguments(parser)
    parser.add_argument("-f", "--format", choices=("yaml", "json"), default="yaml", help="output (default: yaml)")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write it into a file, not to the terminal")


def _person(arguments: Namespace) -> Any:
    # Imported late: the login's libraries take half a second.
    from gurum.identity.exchange import Person

    return Person(arguments.cloud, arguments.region, arguments.project, arguments.url)


def _asked(arguments: Namespace, what: str) -> dict[str, Any]:
    from gurum.identity.exchange import ExchangeRefused
    from gurum.identity.session import IdentityUnavailable, ServiceLoginRefused

    try:
        person = _person(arguments)
        return dict(person.cluster() if what == "cluster" else person.token())
    except (ExchangeRefused, IdentityUnavailable, ServiceLoginRefused) as error:
        raise Refusal(str(error)) from error


def _kubeconfig(arguments: Namespace, around: Surroundings) -> int:
    from gurum.ops import secrets
    from gurum.store.kubernetes import manifest

    cluster = _asked(arguments, "cluster")
    made = document(cluster, _words(arguments, around), _kept(around))
    text = json.dumps(made, indent=2) + "\n" if arguments.format == "json" else manifest.text([made], "yaml")
    if arguments.output is None:
        around.out.write(text)
    else:
        secrets.write(arguments.output, text)
        around.err.write(f"written: {arguments.output}; use it with KUBECONFIG={arguments.output}\n")
    return 0


def _words(arguments: Namespace, around: Surroundings) -> list[str]:
    cloud = arguments.cloud or around.environ.get("OS_CLOUD", "")
    region = arguments.region or around.environ.get("OS_REGION_NAME", "")
    given = {"--cloud": cloud, "--region": region, "--project": arguments.project, "--url": arguments.url}
    return [_program(), "kubernetes-token", *(word for name, value in given.items() if value for word in (name, value))]


def _program() -> str:
    """Return how kubectl finds this program again: by its path, or by its name where it was started otherwise."""
    here = Path(sys.argv[0])
    return str(here.resolve()) if here.name == "gurum" and here.is_file() else "gurum"


def _kept(around: Surroundings) -> dict[str, str]:
    return {name: str(Path(around.environ[name]).absolute()) for name in KEPT if around.environ.get(name)}


def document(cluster: dict[str, Any], words: list[str], environ: dict[str, str]) -> dict[str, Any]:
    """Return a kubeconfig for a cluster as the sign-in tells of it; `words` are run for a token. Nothing is secret."""
    reached: dict[str, Any] = {"server": cluster["server"]}
    if cluster.get("certificate_authority"):
        reached["certificate-authority-data"] = b64encode(cluster["certificate_authority"].encode()).decode()
    program: dict[str, Any] = {
        "apiVersion": KIND,
        "command": words[0],
        "args": words[1:],
        "env": [{"name": name, "value": value} for name, value in environ.items()],
        "interactiveMode": "Never",
        "installHint": "gurum is not installed here: `pip install gurum`",
    }
    name = f"gurum-{cluster['project_id']}"
    context = {"cluster": name, "user": name, "namespace": cluster["namespace"]}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": reached}],
        "users": [{"name": name, "user": {"exec": program}}],
        "contexts": [{"name": name, "context": context}],
        "current-context": name,
    }


def _token(arguments: Namespace, around: Surroundings) -> int:
    token = _asked(arguments, "token")
    status = {"token": token["value"], "expirationTimestamp": token["expires_at"]}
    output.write_json({"apiVersion": KIND, "kind": "ExecCredential", "status": status}, around.out)
    return 0


COMMANDS: tuple[Command, ...] = (
    Command(
        words=("kubeconfig",),
        help="print a kubeconfig for the project that you are logged in to; nothing in it is secret",
        run=_kubeconfig,
        arguments=_kubeconfig_arguments,
    ),
    Command(
        words=("kubernetes-token",),
        help="print what kubectl signs in with: it is a secret for ten minutes at most",
        run=_token,
        arguments=_login_arguments,
    ),
)
