"""Rules of IAM: roles and their inline policies."""

from aws_emulator.rules.row import PRACTICE, Row

_IAM = "IAM API Reference"
_ALL = "PutRolePolicy, ListRolePolicies, DeleteRolePolicy"

ROWS: tuple[Row, ...] = (
    ("iam.denied", _ALL, "the policy of the caller's role or account does not allow it", "AccessDenied", 403,
     ("User: {principal} is not authorized to perform: iam:{action} on resource: {resource} because no identity-based"
      " policy allows the iam:{action} action"), PRACTICE),
    ("iam.no-role", _ALL, "the account has no role of that name", "NoSuchEntity", 404,
     "The role with name {name} cannot be found.", PRACTICE),
    ("iam.no-policy", "DeleteRolePolicy", "the role has no policy of that name", "NoSuchEntity", 404,
     "The role policy with name {name} cannot be found.", PRACTICE),
    ("iam.malformed", "PutRolePolicy", "the document is no policy, or more than the emulator understands",
     "MalformedPolicyDocument", 400, "The policy is not in the valid JSON format or not emulated: {error}", _IAM),
    ("iam.limit", "PutRolePolicy", "a role's inline policies are more than 10,240 characters", "LimitExceeded", 409,
     "Maximum policy size of {limit} bytes exceeded for role {role}", PRACTICE),
)  # fmt: skip
