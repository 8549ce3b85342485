"""Gurum as an OpenID Connect issuer: what AWS believes instead of a stored key.

A long-lived AWS key in a file is worth everything in the account to whoever copies it, and AWS's own log shows one name
for all people. So nobody here has one. For each piece of work a token is signed that says for which person of which
project it is, AWS exchanges it for a session of minutes, and the session carries those ids into CloudTrail.

The private keys (`keys`) never leave their directory; what AWS must read, two public documents (`documents`), is
written beside them as files that any web server can give out.
"""

from gurum.identity.issuer.documents import publish
from gurum.identity.issuer.keys import IssuerError, KeyRing
from gurum.identity.issuer.tokens import AUDIENCE, Issuer

__all__ = ["AUDIENCE", "Issuer", "IssuerError", "KeyRing", "publish"]
