"""`gurum kubernetes crds`, `rbac`, …: what a cluster needs before our objects can be in it, to be applied.

Printed, not applied: who may change a cluster's definitions and rights has tools of their own, and reads them first.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from gurum.cli.command import Command, Surroundings
from gurum.ops.config import ConfigError, SignInConfig, shipped


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("-f", "--format", choices=("yaml", "json"), default="yaml", help="output (default: yaml)")


def _crds(arguments: Namespace, around: Surroundings) -> int:
    # Imported late: the model and its definitions are read only for this.
    from gurum.store.kubernetes import crds, manifest

    around.out.write(manifest.text(crds.all(), arguments.format))
    return 0


def _rbac(arguments: Namespace, around: Surroundings) -> int:
    from gurum.store.kubernetes import manifest, rights, secret_rights

    around.out.write(manifest.text([*rights.all(), *secret_rights.all()], arguments.format))
    return 0


def _admission_arguments(parser: ArgumentParser) -> None:
    _arguments(parser)
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--url", default="", help="where the API's webhook answers: https://host:port")
    where.add_argument("--service", default="", help="or the Service before it: namespace/name:port")
    parser.add_argument("--ca-file", default="", help="the certificate of who signed the webhook's")


def _admission(arguments: Namespace, around: Surroundings) -> int:
    from gurum.store.kubernetes import install, manifest, webhooks

    documents = install.admission()
    if arguments.url or arguments.service:
        namespace, _, rest = arguments.service.partition("/")
        name, _, port = rest.rpartition(":")
        if arguments.service and not (namespace and name and port.isdecimal()):
            raise ConfigError(f"--service {arguments.service}: namespace/name:port is meant")
        if not arguments.ca_file:
            raise ConfigError("--ca-file: API servers ask only whom they can verify")
        client = webhooks.url(arguments.url) if arguments.url else webhooks.service(namespace, name, int(port))
        try:
            authority = Path(arguments.ca_file).read_bytes()
        except OSError as error:
            raise ConfigError(f"--ca-file {arguments.ca_file}: {error.strerror}") from error
        documents = [*documents, webhooks.configuration(client, authority)]
    around.out.write(manifest.text(documents, arguments.format))
    return 0


def _authentication_arguments(parser: ArgumentParser) -> None:
    _arguments(parser)
    parser.add_argument("--issuer", required=True, help="pia.sign_in.url: where the API server finds the documents")
    parser.add_argument("--audience", default=SignInConfig().audience, help="pia.sign_in.audience")
    parser.add_argument("--ca-file", default="", help="who signed the certificate there (default: whom all believe)")


def _authentication(arguments: Namespace, around: Surroundings) -> int:
    from gurum.store.kubernetes import manifest, people

    authority = ""
    if arguments.ca_file:
        try:
            authority = Path(arguments.ca_file).read_text("ascii")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"--ca-file {arguments.ca_file}: {error}") from error
    if not arguments.issuer.startswith("https://"):
        raise ConfigError("--issuer: no API server believes what it has not fetched over https")
    document = people.authentication(arguments.issuer, arguments.audience, authority)
    around.out.write(manifest.text([document], arguments.format))
    return 0


def _sign_in_arguments(parser: ArgumentParser) -> None:
    _arguments(parser)
    parser.add_argument("--policy", type=Path, default=shipped() / "policy", help="the bundle (default: as shipped)")
    parser.add_argument("--verification-key", type=Path, help="public key (PEM) that the bundle must be signed with")


def _sign_in(arguments: Namespace, around: Surroundings) -> int:
    from gurum.pia.signin import manifests
    from gurum.policy.bundle import BundleError, read_bundle
    from gurum.store.kubernetes import manifest

    try:
        documents = manifests.documents(read_bundle(arguments.policy, arguments.verification_key))
    except BundleError as error:
        raise ConfigError(str(error)) from error
    around.out.write(manifest.text(documents, arguments.format))
    return 0


COMMANDS = (
    Command(
        words=("kubernetes", "authentication"),
        help="print the API server's AuthenticationConfiguration, by which it knows people of Keystone",
        run=_authentication,
        arguments=_authentication_arguments,
    ),
    Command(
        words=("kubernetes", "sign-in"),
        help="print the rights and rules of those who sign in with Keystone's tokens, from the policy's table",
        run=_sign_in,
        arguments=_sign_in_arguments,
    ),
    Command(
        words=("kubernetes", "crds"),
        help="print the custom resource definitions, for kubectl apply --server-side -f -",
        run=_crds,
        arguments=_arguments,
    ),
    Command(
        words=("kubernetes", "rbac"),
        help="print the roles of our processes and of people, for kubectl apply -f -",
        run=_rbac,
        arguments=_arguments,
    ),
    Command(
        words=("kubernetes", "admission"),
        help="print what the API server refuses to people and writes down of them, and the API's webhook",
        run=_admission,
        arguments=_admission_arguments,
    ),
)
