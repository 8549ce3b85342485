"""Whether a token is good now: asked of its provider at each login, because what it says was true when it was signed.

A token is verified by itself, so who was disabled since could log in with it until it is over. The question is one more
round trip for a login, none for a request. Source: RFC 7662.
"""

from __future__ import annotations

from gurum.identity.front.config import Trusted
from gurum.identity.front.fetch import Fetch, Unreachable
from gurum.identity.front.keys import Keys
from gurum.identity.front.refused import Refused
from gurum.ops import secrets


def still_good(trusted: Trusted, keys: Keys, ask: Fetch, token: str) -> None:
    """Return if the provider says so. Raises Refused: 401 if it does not, 503 if it cannot be asked."""
    form = {
        "token": token,
        "token_type_hint": "access_token",
        "client_id": trusted.client_id,
        "client_secret": secrets.read(trusted.client_secret_file) if trusted.client_secret_file else "",
    }
    try:
        answer = ask(keys.endpoint("introspection_endpoint"), form)
    except Unreachable:
        raise Refused("the provider does not say whether the token is good", 503) from None
    if answer.get("active") is not True:
        raise Refused("the provider says that the token is not good any more")
