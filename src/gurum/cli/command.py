"""The shape of a command: a row with its words, its arguments and what it does."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from gurum.ops.config import Config, RegionConfig, load
from gurum.ops.urls import has_password
from gurum.supervisor.places import Places
from gurum.supervisor.rows import Refusal


@dataclass(frozen=True)
class Surroundings:
    """What a command may use of the world; tests pass their own."""

    environ: Mapping[str, str]
    out: TextIO
    err: TextIO


@dataclass(frozen=True, kw_only=True)
class Command:
    """words: `("config", "show")`. run returns the exit status; what it raises is told in one sentence."""

    words: tuple[str, ...]
    help: str
    run: Callable[[Namespace, Surroundings], int]
    arguments: Callable[[ArgumentParser], None] = lambda _parser: None


def place_arguments(parser: ArgumentParser) -> None:
    """Add where the run lives."""
    parser.add_argument("--state", type=Path, metavar="DIR", help="state directory (default: var)")
    parser.add_argument("--config", type=Path, metavar="FILE", help="configuration (default: gurum.yaml in the state)")
    parser.add_argument("--store", metavar="URL", help="where the store is, instead of the configuration's store.url")


def format_argument(parser: ArgumentParser) -> None:
    """Add the choice of output, in the words of the `openstack` command."""
    parser.add_argument("-f", "--format", choices=("table", "json"), default="table", help="output (default: table)")


def places(arguments: Namespace) -> Places:
    """Return the places of the run that the arguments name."""
    return Places((arguments.state or Path("var")).absolute())


def configuration(arguments: Namespace, around: Surroundings) -> Config:
    """Return the configuration that a run with these arguments has. Raises ConfigError, Refusal."""
    here = places(arguments)
    file = arguments.config or here.config
    if arguments.config is None and not file.exists():
        raise Refusal(f"there is no {file}: start with `gurum up`, or name a configuration with --config")
    environ = surroundings(arguments, around)
    return load(file, environ, state=here.state if arguments.state or not arguments.config else None)


def surroundings(arguments: Namespace, around: Surroundings) -> Mapping[str, str]:
    """Return the environment with what the arguments set beside it. Raises Refusal for a password among them."""
    if not arguments.store:
        return around.environ
    if has_password(arguments.store):
        raise Refusal(
            "a password on a command line can be read by every user of this machine: leave it out of --store, and put"
            " it into the file that store.password_file names, or into ~/.pgpass"
        )
    return {**around.environ, "GURUM_STORE__URL": arguments.store}


def aws_region(config: Config, name: str) -> RegionConfig:
    """Return the region of that name, or the only one on AWS. Raises Refusal, ConfigError."""
    found = [config.region(name)] if name else [region for region in config.regions if region.aws is not None]
    if len(found) != 1 or found[0].aws is None:
        named = ", ".join(region.name for region in config.regions if region.aws is not None) or "none"
        raise Refusal(f"name one region on AWS with --region; the configuration has: {named}")
    return found[0]
