"""How a store is named on a command line, where a password must not be."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

import msgspec

from gurum.cli.command import Surroundings, configuration, places
from gurum.ops.config import EMBEDDED_CLUSTER, StoreConfig, embedded_kubeconfig
from gurum.ops.urls import HIDDEN, has_password, without_password
from gurum.supervisor.rows import Refusal


def end_arguments(parser: ArgumentParser, word: str, name: str, text: str) -> None:
    """Add `--word URL` and what completes it."""
    parser.add_argument(f"--{word}", dest=name, required=True, metavar="URL", help=text)
    parser.add_argument(
        f"--{word}-journal", default="", dest=f"{name}_journal", metavar="URL",
        help=f"where the journal of --{word} is, beside Kubernetes",
    )  # fmt: skip
    parser.add_argument(
        f"--{word}-password-file", default="", dest=f"{name}_password", metavar="FILE",
        help=f"PostgreSQL: the file (0600) with the password of --{word}",
    )  # fmt: skip


def run_arguments(parser: ArgumentParser) -> None:
    """Add whose configuration completes the end that has its URL."""
    parser.add_argument("--state", type=Path, metavar="DIR", help="state directory (default: var)")
    parser.add_argument("--config", type=Path, metavar="FILE", help="configuration whose store needs no further words")


def end(arguments: Namespace, around: Surroundings, word: str, name: str) -> StoreConfig:
    """Return an end's configuration: what the arguments say, and of the run's own store what its configuration does.

    Raises Refusal for a password among the arguments, ConfigError.
    """
    values = vars(arguments)
    url, journal, password = values[name], values[f"{name}_journal"], values[f"{name}_password"]
    if has_password(url) or has_password(journal):
        raise Refusal(
            "a password on a command line can be read by every user of this machine: leave it out of the URLs, and put"
            f" it into a file that --{word}-password-file names, or into ~/.pgpass"
        )
    here = places(arguments)
    if url == EMBEDDED_CLUSTER:
        url = f"kubernetes://{embedded_kubeconfig(here.state)}"
        journal = journal or f"sqlite:///{here.state}/journal.sqlite"
    known = StoreConfig(url=url)
    if arguments.config is not None or here.config.exists():
        own = configuration(Namespace(**values | {"store": None}), around).store
        if url in (own.url, without_password(own.url).replace(f":{HIDDEN}@", "@")):
            known = own
    return msgspec.structs.replace(
        known, journal_url=journal or known.journal_url, password_file=password or known.password_file
    )
