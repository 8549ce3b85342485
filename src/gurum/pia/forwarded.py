"""Where a client really called when a proxy stands in between: `Forwarded`, `X-Forwarded-*`, from trusted peers only.

Anybody can send these headers. Believed from anybody, they would let a caller put an address of theirs into the links
that other users follow. So they count only from the addresses that the configuration names, which must set or remove
them on every request; and what a reply links to is put in at the very end, because renderings are kept and shared.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

import msgspec

from gurum.pia.kernel.wire import Response

_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,253})|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?\Z")
_PREFIX = re.compile(r"(?:/[A-Za-z0-9._~-]+)*\Z")
_PAIR = re.compile(r'\s*([A-Za-z]+)=(?:"([^"\\]*)"|([^\s;,"]*))\s*\Z')


class Proxies:
    """The trusted peers. `trusted`: addresses or networks (`10.0.0.0/8`). Raises ValueError for what is neither."""

    def __init__(self, trusted: Sequence[str]) -> None:
        self._networks = [ip_network(each, strict=False) for each in trusted]

    def __bool__(self) -> bool:
        return bool(self._networks)

    def trusts(self, peer: str) -> bool:
        """Whether the headers of a connection from this address count."""
        try:
            address = ip_address(peer)
        except ValueError:
            return False  # a Unix socket, or none
        return any(address in network for network in self._networks)

    def root(self, peer: str, headers: Mapping[str, str], root: str) -> str:
        """Return the URL at which the client called: `root`, with what a trusted peer says of scheme, host and path."""
        if not self.trusts(peer):
            return root
        said = _forwarded(headers.get("forwarded", "")) or {
            name: headers.get(f"x-forwarded-{name}", "").partition(",")[0].strip() for name in ("proto", "host", "port")
        }
        parts = urlsplit(root)
        scheme = said.get("proto", "").lower()
        host = said.get("host", "")
        if host and not _HOST.match(host):
            host = ""
        port = said.get("port", "")
        if host and port.isdecimal() and not re.search(r":\d+\Z", host) and port not in ("80", "443"):
            host = f"{host}:{port}"
        prefix = headers.get("x-forwarded-prefix", "").rstrip("/")
        if not _PREFIX.match(prefix):
            prefix = ""
        scheme = scheme if scheme in ("http", "https") else parts.scheme
        return f"{scheme}://{host or parts.netloc}{prefix}{parts.path}"


def _forwarded(header: str) -> dict[str, str]:
    """Return the pairs of the first element of RFC 7239's header; none when it is absent or malformed."""
    found: dict[str, str] = {}
    for pair in filter(None, header.partition(",")[0].split(";")):
        match = _PAIR.match(pair)
        if match is None:
            return {}
        found[match[1].lower()] = match[2] if match[2] is not None else match[3]
    return found


def placeholder() -> str:
    """Return a root that stands in renderings until it is known where a client called; nobody can guess it."""
    return f"http://{secrets.token_hex(16)}.invalid"


def relink(response: Response, placeholder: str, root: str) -> Response:
    """Return the response with the client's root in the place of the placeholder, in body and headers."""
    return msgspec.structs.replace(
        response,
        body=response.body.replace(placeholder.encode(), root.encode()),
        headers=[(name, value.replace(placeholder, root)) for name, value in response.headers],
    )
