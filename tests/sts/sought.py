"""Where no key to AWS may be, and what a key looks like: environments, command lines, and every file of the state."""

from __future__ import annotations

import re
import secrets as random
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from tests.secrets.sweep import Found, places, sweep
from tests.support.stack import Stack

# What nobody has recorded is known by its look: a key of a user at AWS, a signed token, and the words beside a key.
SHAPES = {
    "a long-lived access key": re.compile(rb"\bAKIA[A-Z0-9]{16}\b"),
    "a signed token": re.compile(rb"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}"),
    "a stored secret key": re.compile(rb"secret_access_key\W{1,6}[\w/+=]{16,}", re.IGNORECASE),
    "a variable of AWS's": re.compile(rb"\bAWS_(?:ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|PROFILE)="),
}
KEYS = "issuer/keys"  # where the issuer's private keys are meant to be: they are no key to AWS, and sought elsewhere


def everywhere(stack: Stack) -> Iterator[tuple[str, bytes]]:
    """Give (name, content) of every file of the state, every environment, every command line, and the terminal."""
    for path in sorted(stack.places.state.rglob("*")):
        name = str(path.relative_to(stack.places.state))
        if path.is_file() and not name.startswith(KEYS):
            yield f"state: {name}", path.read_bytes()
    yield from ((name, text) for name, text in places(stack) if " of " in name or name == "the terminal")


def found(secrets: Mapping[str, str], texts: Iterable[tuple[str, bytes]]) -> list[Found]:
    """Return every secret that is in a text, in whatever form, and whatever looks like one."""
    known = list(texts)
    shapes = [
        Found(what, "by its look", where) for where, text in known for what, look in SHAPES.items() if look.search(text)
    ]
    return sweep(secrets, known, shapes=False) + shapes


PLANTED = 6


def planted(stack: Stack, secret: str) -> int:
    """Plant a secret on the disk, in an environment and in a command line; return in how many ways it was found."""
    hits, file = 0, stack.places.state / "planted"
    for text in (secret, "AKIA" + "EXAMPLE7" * 2, '{"secret_access_key": "' + random.token_urlsafe(30) + '"}'):
        file.write_text(text)
        hits += bool(found({"planted": secret}, everywhere(stack)))
    file.unlink()
    for words, environ in (([secret], {}), ([], {"X": secret}), ([], {"AWS_ACCESS_KEY_ID": "x"})):
        command = [sys.executable, "-c", "print('there', flush=True); input()", *words]
        with subprocess.Popen(command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()  # the new program has taken the place of ours
            read = [(name, Path(f"/proc/{process.pid}/{name}").read_bytes()) for name in ("environ", "cmdline")]
            hits += bool(found({"planted": secret}, read))
            process.kill()
    return hits
