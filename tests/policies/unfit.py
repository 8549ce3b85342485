"""Bundles that must not decide: each spoilt in one way. A row is a way, from what a good one is made of to its bytes.

`BOTH`: an OPA server that checks signatures refuses it, and so does the embedded engine. `EMBEDDED`: signed and whole,
and OPA would run it; the embedded engine must not.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gurum.policy.building import archive
from gurum.policy.bundle import read_bundle
from gurum.policy.files import MANIFEST, SIGNATURES, packed, read_files
from gurum.policy.signature import sign

AUTHZ = "gurum/authz/authz.rego"
ACTIONS = "gurum/actions/compute/data.json"
Files = dict[str, bytes]


@dataclass(frozen=True)
class Workshop:
    """What bundles are made of: a good one's files, signature included; the key's file; that of somebody else's key."""

    good: Files
    key: Path
    foreign: Path

    @classmethod
    def of(cls, directory: Path, key: Path, foreign: Path) -> Workshop:
        """Return the workshop of a bundle's directory."""
        files = read_files(directory)
        content = archive(read_bundle(directory), files, key)
        place = key.with_name("good.tar.gz")
        place.write_bytes(content)
        return cls(read_files(place), key, foreign)

    def signed(self, changed: Mapping[str, bytes], key: Path | None = None) -> bytes:
        """Return the archive of the good files with some changed, signed anew."""
        files = {name: content for name, content in {**self.good, **changed}.items() if name != SIGNATURES}
        return packed({SIGNATURES: sign(files, key or self.key), **files})

    def forged(self, changed: Mapping[str, bytes | None]) -> bytes:
        """Return the archive with some files changed, or taken away, under the signature of before."""
        files: dict[str, bytes | None] = {**self.good, **changed}
        return packed({name: content for name, content in files.items() if content is not None})


def _token(workshop: Workshop, header: dict[str, str], signature: str = "") -> bytes:
    (token,) = json.loads(workshop.good[SIGNATURES])["signatures"]
    head = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
    return json.dumps({"signatures": [f"{head}.{token.split('.')[1]}.{signature}"]}).encode()


def _list_emptied(workshop: Workshop) -> bytes:
    (token,) = json.loads(workshop.good[SIGNATURES])["signatures"]
    head, _, tail = token.split(".")
    body = base64.urlsafe_b64encode(b'{"files":[]}').rstrip(b"=").decode()
    return workshop.forged({SIGNATURES: json.dumps({"signatures": [f"{head}.{body}.{tail}"]}).encode()})


def _more(workshop: Workshop, text: str) -> bytes:
    return workshop.good[AUTHZ] + text.encode()


Way = Callable[[Workshop], bytes]

BOTH: Mapping[str, Way] = {
    "policy_changed": lambda w: w.forged({AUTHZ: w.good[AUTHZ].replace(b"not asked", b"true     ")}),
    "table_changed": lambda w: w.forged({ACTIONS: w.good[ACTIONS].replace(b'"admin"', b'"reader"')}),
    "manifest_changed": lambda w: w.forged({MANIFEST: w.good[MANIFEST].replace(b'"revision":"', b'"revision":"0')}),
    "file_added": lambda w: w.forged({"gurum/more.rego": b"package gurum.more\n\nimport rego.v1\n"}),
    "file_removed": lambda w: w.forged({ACTIONS: None}),
    "unsigned": lambda w: w.forged({SIGNATURES: None}),
    "signed_by_another": lambda w: w.signed({}, w.foreign),
    "signed_by_nobody": lambda w: w.forged({SIGNATURES: _token(w, {"alg": "none"})}),
    "signature_garbled": lambda w: w.forged({SIGNATURES: _token(w, {"alg": "ES256", "kid": "gurum"}, "A" * 86)}),
    "signatures_no_json": lambda w: w.forged({SIGNATURES: b"{"}),
    "no_signature": lambda w: w.forged({SIGNATURES: b'{"signatures":[]}'}),
    "list_emptied": _list_emptied,
    "cut_off": lambda w: w.signed({})[:-2000],
    "no_archive": lambda w: b"<html>Sign in to continue</html>",
    "no_tar": lambda w: gzip.compress(b"allow := true\n" * 100),
    "nothing": lambda w: b"",
    "policy_broken": lambda w: w.signed({AUTHZ: _more(w, "\nbroken := {\n")}),
    "policy_misspelt": lambda w: w.signed({AUTHZ: _more(w, "\nbroken if not nowhere\n")}),
    "table_broken": lambda w: w.forged({ACTIONS: b'{"servers": '}),
}
EMBEDDED: Mapping[str, Way] = {
    "asks_the_network": lambda w: w.signed({AUTHZ: _more(w, '\nx := http.send({"url": "http://x"})\n')}),
    "reads_the_environment": lambda w: w.signed({AUTHZ: _more(w, "\nx := opa.runtime()\n")}),
    "hides_a_call": lambda w: w.signed({AUTHZ: _more(w, '\nx := $"{opa.runtime()}"\n')}),
    "prepared_of_another_table": lambda w: w.signed({ACTIONS: w.good[ACTIONS].replace(b'"admin"', b'"reader"', 1)}),
    "yaml_beside": lambda w: w.signed({"gurum/data.yaml": b"actions: {}\n"}),
}
