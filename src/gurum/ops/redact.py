"""The second line of defence against secrets in logs.

The first is that no line is given one. But an exception's text, a library's debug line or a new field may carry one
all the same, and a log is copied to places that nobody remembers. So every line passes here: values under names that
hold secrets, and texts that look like one, are replaced.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, MutableMapping
from typing import Any

REDACTED = "[redacted]"

# Names as they come in our own fields, in HTTP headers and in OpenStack's and AWS's bodies, lower-case with
# underscores. Whole names only: `client_token` and `token_count` are no secrets.
NAMES = frozenset(
    {
        "admin_pass",
        "admin_password",
        "adminpass",
        "application_credential_secret",
        "auth_token",
        "authorization",
        "aws_secret_access_key",
        "cookie",
        "os_password",
        "passwd",
        "password",
        "private_key",
        "secret",
        "secret_access_key",
        "secretaccesskey",
        "security_token",
        "session_token",
        "sessiontoken",
        "set_cookie",
        "signature",
        "token",
        "user_data",
        "userdata",
        "web_identity_token",
        "webidentitytoken",
        "x_amz_security_token",
        "x_auth_token",
        "x_service_token",
        "x_subject_token",
    }
)

# (pattern, what stands in its place). Fernet tokens begin with version 0x80 and a timestamp, hence always "gAAAA".
PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"gAAAA[\w-]{40,}={0,2}"), REDACTED),
    (re.compile(r"eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}"), REDACTED),  # signed JSON web token
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL), REDACTED),
    (re.compile(r"(Signature=)[0-9a-f]{64}"), rf"\1{REDACTED}"),
    (re.compile(r"(://[^/\s:@]+:)[^/\s@]+(@)"), rf"\1{REDACTED}\2"),  # a password within a URL
    (
        re.compile(
            r"""(?i)((?:x-auth-token|x-subject-token|password|adminpass|secret_access_key|secretaccesskey|"""
            r"""sessiontoken|session_token|application_credential_secret)["']?\s*[:=]\s*["']?)[^\s"',}&]+"""
        ),
        rf"\1{REDACTED}",
    ),
)

# Lower-case, one of which is in every flat line that has anything to replace. Looking for them in the encoded line
# costs a tenth of walking through its fields, and rules out nearly every line.
HINTS = (
    b"auth",
    b"cookie",
    b"eyj",
    b"gaaaa",
    b"pass",
    b"private",
    b"secret",
    b"signature",
    b"token",
    b"user_data",
    b"userdata",
    b"@",
)

FLAT = (str, int, float, type(None))


class Redactor:
    """Replaces secrets in a log line: by name, by look and, where the process told them, by value."""

    def __init__(self, known: Collection[str] = ()) -> None:
        # Longest first: one secret may contain another. Short ones would also hit innocent text.
        self._known = sorted((secret for secret in known if len(secret) >= 8), key=len, reverse=True)

    def suspects(self, event: Mapping[str, Any], line: bytes) -> bool:
        """Whether an event, encoded as that line, may have something to replace. True does not mean that it has.

        Only flat events are judged by their text: bytes within a structure would stand there in base64.
        """
        if not all(isinstance(value, FLAT) for value in event.values()):
            return True
        lower = line.lower()
        return any(hint in lower for hint in HINTS) or any(secret.encode() in line for secret in self._known)

    def __call__(self, _logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """Return the event with its secrets replaced (structlog's form of a processor)."""
        for name, value in event.items():
            event[name] = self._named(name, value)
        return event

    def _named(self, name: str, value: Any) -> Any:
        if name.lower().replace("-", "_") in NAMES and value not in (None, "", True, False):
            return REDACTED
        return self.value(value)

    def value(self, value: Any) -> Any:
        """Return the value, whatever its shape, with its secrets replaced."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, bytes):
            return self.text(value.decode("utf-8", "replace"))
        if isinstance(value, Mapping):
            return {str(name): self._named(str(name), inner) for name, inner in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.value(inner) for inner in value]
        if isinstance(value, FLAT):
            return value
        return self.text(str(value))

    def text(self, text: str) -> str:
        """Return the text with everything replaced that is, or looks like, a secret."""
        for secret in self._known:
            if secret in text:
                text = text.replace(secret, REDACTED)
        for pattern, instead in PATTERNS:
            text = pattern.sub(instead, text)
        return text
