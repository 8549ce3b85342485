"""From a token in a header to a `Principal`, by asking Keystone as seldom as is safe.

Every API request carries a token. Asking Keystone each time costs it milliseconds of CPU and ties
every answer to its health; not asking lets revoked tokens live on. The validator here keeps
answers for a short time, follows Keystone's revocation events, and refuses when it cannot know.
It does what keystonemiddleware does for other services, access rules included, without its WSGI.
"""

from gurum.identity.session import IdentityUnavailable, PasswordAuth, ServiceLoginRefused
from gurum.identity.tokens.access_rules import access_allowed
from gurum.identity.tokens.principal import (
    AccessRule,
    ApplicationCredential,
    Federation,
    Principal,
    Trust,
)
from gurum.identity.tokens.revocation import RevocationEvent
from gurum.identity.tokens.validator import (
    Counters,
    TokenInvalid,
    TokenValidator,
    ValidatorSettings,
    www_authenticate,
)

__all__ = [
    "AccessRule",
    "ApplicationCredential",
    "Counters",
    "Federation",
    "IdentityUnavailable",
    "PasswordAuth",
    "Principal",
    "RevocationEvent",
    "ServiceLoginRefused",
    "TokenInvalid",
    "TokenValidator",
    "Trust",
    "ValidatorSettings",
    "access_allowed",
    "www_authenticate",
]
