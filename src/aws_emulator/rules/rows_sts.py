"""Rules of STS: tokens, trust, sessions."""

from aws_emulator.rules.row import OURS, PRACTICE, Row

_STS, _ASSUME = "STS API Reference", "AssumeRoleWithWebIdentity"
_BOTO = "botocore's service model"
_ONE = "1 validation error detected: Value {shown}at '{field}' failed to satisfy constraint: Member must {bound}"


def _constraint(field: str, bound: str, *, shown: bool = True) -> str:
    return _ONE.replace("{shown}", "'{value}' " if shown else "").replace("{field}", field).replace("{bound}", bound)


ROWS: tuple[Row, ...] = (
    ("sts.malformed", _ASSUME, "the token is no JWT", "InvalidIdentityToken", 400,
     "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)", PRACTICE),
    ("sts.no-provider", _ASSUME, "the account has no provider of the token's issuer", "InvalidIdentityToken", 400,
     "No OpenIDConnect provider found in your account for {issuer}", PRACTICE),
    ("sts.algorithm", _ASSUME, "the token is signed otherwise than by RS or ES with SHA-2, or not at all",
     "InvalidIdentityToken", 400, "The ID Token provided is not signed with a supported algorithm", OURS),
    ("sts.no-key", _ASSUME, "the issuer's documents lack the key, or are none", "InvalidIdentityToken", 400,
     ("Couldn't retrieve verification key from your identity provider,  please reference"
      " AssumeRoleWithWebIdentity documentation for requirements"), PRACTICE),
    ("sts.unreachable", _ASSUME, "the issuer does not answer", "IDPCommunicationError", 400,
     "The identity provider could not be reached to verify the token.", _BOTO),
    ("sts.signature", _ASSUME, "the signature is not of the issuer's key", "InvalidIdentityToken", 400,
     "The ID Token provided has an invalid signature", OURS),
    ("sts.claim-missing", _ASSUME, "the token lacks sub, aud, exp or iat", "InvalidIdentityToken", 400,
     "Missing a required claim: {name}", PRACTICE),
    ("sts.claim-wrong", _ASSUME, "a claim is not of its type", "IDPRejectedClaim", 403,
     "The claim {name} of the token is not valid", _BOTO),
    ("sts.expired", _ASSUME, "the token is over", "ExpiredTokenException", 400,
     "Token expired: current date/time {now} must be before the expiration date/time {end}", PRACTICE),
    ("sts.not-yet", _ASSUME, "the token is of the future", "InvalidIdentityToken", 400,
     "The ID Token provided is not valid yet", OURS),
    ("sts.audience", _ASSUME, "no audience of the token is the provider's", "InvalidIdentityToken", 400,
     "Incorrect token audience", PRACTICE),
    ("sts.tags", _ASSUME, "the claim of session tags is not of AWS's form, or has more than AWS takes",
     "InvalidIdentityToken", 400, "The session tags of the token are not valid", OURS),
    ("sts.arn", _ASSUME, "RoleArn is no ARN of a role", "ValidationError", 400, "Request ARN is invalid", PRACTICE),
    ("sts.not-authorized", _ASSUME,
     "there is no such role, or its trust policy does not allow the token, its tags or its source identity",
     "AccessDenied", 403, "Not authorized to perform sts:AssumeRoleWithWebIdentity", PRACTICE),
    ("sts.name", _ASSUME, "RoleSessionName has other characters", "ValidationError", 400,
     _constraint("roleSessionName", r"satisfy regular expression pattern: [\w+=,.@-]*"), PRACTICE),
    ("sts.name-length", _ASSUME, "RoleSessionName is shorter than 2 or longer than 64", "ValidationError", 400,
     _constraint("roleSessionName", "have length {bound}"), PRACTICE),
    ("sts.token-length", _ASSUME, "the token is shorter than 4 or longer than 20000", "ValidationError", 400,
     _constraint("webIdentityToken", "have length {bound}", shown=False), PRACTICE),
    ("sts.duration", _ASSUME, "DurationSeconds is outside 900 to 43200", "ValidationError", 400,
     _constraint("durationSeconds", "have value {bound}"), PRACTICE),
    ("sts.duration-role", _ASSUME, "DurationSeconds is more than the role allows", "ValidationError", 400,
     "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.", PRACTICE),
    ("sts.rate", "AssumeRoleWithWebIdentity", "the bucket of the account and region is empty", "Throttling", 400,
     "Rate exceeded", f"{_STS}, Common errors"),
    ("auth.over", "*", "the session of the key is over", "RequestExpired", 400, "Request has expired.", PRACTICE),
    ("auth.over-sts", "GetCallerIdentity", "the session of the key is over", "ExpiredToken", 403,
     "The security token included in the request is expired", PRACTICE),
)  # fmt: skip
