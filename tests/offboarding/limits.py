"""What the figures must be: seconds from the disabling at the provider, and the command's start, to each refusal."""

from __future__ import annotations

from tests.faults.verdict import Limits

WITHIN, AT_AWS = 5.0, 60.0  # seconds
OF_STAFF = (
    "refresh_token",  # the provider's
    "access_token",  # the provider's, shown to Keystone for a login
    "federated_token",
    "rescoping",
    "rescoped_token",
    "application_credential",
    "token_of_it",
    "trust_given",
    "token_of_trust",
    "api_federated",  # what the API has cached of the federated token, and so on
    "api_rescoped",
    "api_credential",
    "api_trust",
)
OF_LOCAL = ("password", "local_token", "local_credential", "api_local")
AWS = "aws_session"

LIMITS: Limits = {
    **{f"{way}_s": ("<=", WITHIN) for way in (*OF_STAFF, *OF_LOCAL)},
    f"{AWS}_s": ("<=", AT_AWS),
    "kinds": ("==", len(OF_STAFF) + len(OF_LOCAL) + 1),
    "good_before": ("==", len(OF_STAFF) + len(OF_LOCAL) + 1),
    "commands_that_held": ("==", 2),
    "planned_but_not_ended": ("==", 0),
    "revived": ("==", 0),
    "others_tries": (">=", 100),
    "others_refused": ("==", 0),
    "others_servers_active": ("==", 2),
    "recorded": ("==", 2),
}
