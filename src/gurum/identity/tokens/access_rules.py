"""Access rules of application credentials, enforced where keystonemiddleware would.

Keystone only stores them and gives them out to services that claim to understand them. A service
that claims it (the validator does) and then does not look lets a leaked credential do everything.
"""

import re
from functools import lru_cache

from gurum.identity.tokens.principal import Principal

# The pieces of a pattern: `**` is anything, `*` and `{name}` are one path segment.
_PIECE = re.compile(r"(?P<any>\*\*)|(?P<segment>\*|\{[^}/]*\})")


def access_allowed(principal: Principal, service: str, method: str, path: str) -> bool:
    """Tell whether the principal's access rules, if it has any, allow a request.

    `service` is the service's type in the catalogue, `path` what follows the endpoint's mount
    point, decoded and without query (`/v2.1/servers`). Method and type must be equal, GET does not
    include HEAD. Without rules everything is allowed; with an empty list nothing is. The answer to
    a refused request is 401, as keystonemiddleware gives it.
    """
    credential = principal.application_credential
    if credential is None or credential.access_rules is None:
        return True
    return any(
        rule.service == service and rule.method == method and _pattern(rule.path).fullmatch(path) is not None
        for rule in credential.access_rules
    )


@lru_cache(maxsize=1024)
def _pattern(path: str) -> re.Pattern[str]:
    expression, end = "", 0
    for piece in _PIECE.finditer(path):
        expression += re.escape(path[end : piece.start()])
        expression += ".*" if piece["any"] else "[^/]+"
        end = piece.end()
    return re.compile(expression + re.escape(path[end:]), re.DOTALL)
