"""Cases of IAM: who may write which role's policies, and which."""

from tests.emulator.cases.case import Case, send, signature
from tests.emulator.cloud import ACCOUNT, Cloud
from tests.emulator.issuer import CONFIG, NAME

DENY = '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}'


def put(cloud: Cloud, name: str = "left", document: str = DENY, role: str = NAME) -> None:
    """Write a policy of a role."""
    _ask(cloud, "PutRolePolicy", RoleName=role, PolicyName=name, PolicyDocument=document)


def delete(cloud: Cloud, name: str = "left") -> None:
    """Remove a policy of a role."""
    _ask(cloud, "DeleteRolePolicy", RoleName=NAME, PolicyName=name)


def _ask(cloud: Cloud, action: str, **fields: str) -> None:
    send(cloud, signature(region="us-east-1", service="iam"), Action=action, Version="2010-05-08", **fields)


def _too_large(cloud: Cloud) -> None:
    long = DENY.replace('"Deny"', f'"Deny", "Sid": "{"x" * 5000}"')
    for name in ("one", "two", "three"):
        put(cloud, name, long)


POLICIES = {
    "policies": {
        ACCOUNT: {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}],
        }
    }
}

CASES = {
    "iam.denied": Case(put, CONFIG | POLICIES),
    "iam.no-role": Case(lambda cloud: put(cloud, role="nobody"), CONFIG),
    "iam.no-policy": Case(delete, CONFIG),
    "iam.malformed": Case(lambda cloud: put(cloud, document="{}"), CONFIG),
    "iam.limit": Case(_too_large, CONFIG),
}
