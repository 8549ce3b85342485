"""What an AWS account has to have for sessions without stored keys: a provider, a role, and whom the role trusts.

The same words are printed for the account's administrator, compared by nobody but AWS, and enforced by the emulator in
the embedded run: so a policy that does not suffice is noticed here first.
Source: IAM User Guide, "Create an OpenID Connect (OIDC) identity provider in IAM" and "Pass session tags in AWS STS".
"""

from __future__ import annotations

from typing import Any

from gurum.providers.aws.principals import OFFBOARDING, SYSTEM, TAGS, offboarder

AUDIENCE = "sts.amazonaws.com"
MAX_SESSION = 3600  # seconds; IAM's own default of a role


def host(issuer: str) -> str:
    """Return the issuer as IAM names it: its URL without the scheme."""
    return issuer.partition("://")[2].rstrip("/")


def provider_arn(issuer: str, account: str, partition: str = "aws") -> str:
    """Return the ARN of the issuer's provider in an account."""
    return f"arn:{partition}:iam::{account}:oidc-provider/{host(issuer)}"


def role_arn(role: str, account: str, partition: str = "aws") -> str:
    """Return the ARN of a role, by its name (and path)."""
    return f"arn:{partition}:iam::{account}:role/{role.lstrip('/')}"


def provider(issuer: str) -> dict[str, Any]:
    """Return the provider, as `aws iam create-open-id-connect-provider --cli-input-json` takes it."""
    return {"Url": issuer, "ClientIDList": [AUDIENCE]}


def trust_policy(issuer: str, account: str, owner: str, partition: str = "aws") -> dict[str, Any]:
    """Return the trust policy of the role of a deployment: our tokens alone, by the names and with the tags we give.

    A person's session has all of the tags that make it a person's; the system's own has its name and none.
    """
    federated, name = {"Federated": provider_arn(issuer, account, partition)}, host(issuer)
    audience = {f"{name}:aud": AUDIENCE}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "People",
                "Effect": "Allow",
                "Principal": federated,
                "Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"],
                "Condition": {
                    "StringEquals": audience,
                    "StringLike": {f"{name}:sub": "project:*:user:*", f"aws:RequestTag/{TAGS['user']}": "*"},
                    "ForAllValues:StringEquals": {
                        "aws:TagKeys": list(TAGS.values()),
                        "sts:TransitiveTagKeys": list(TAGS.values()),
                    },
                },
            },
            {
                "Sid": "System",
                "Effect": "Allow",
                "Principal": federated,
                "Action": ["sts:AssumeRoleWithWebIdentity"],
                "Condition": {
                    "StringEquals": {**audience, f"{name}:sub": f"system:{owner}", "sts:RoleSessionName": SYSTEM}
                },
            },
        ],
    }


def offboarding_trust(issuer: str, account: str, owner: str, partition: str = "aws") -> dict[str, Any]:
    """Return the trust policy of the role that ends sessions: one subject, one name, no tags."""
    name = host(issuer)
    wanted = {
        f"{name}:aud": AUDIENCE,
        f"{name}:sub": offboarder(owner),
        "sts:RoleSessionName": OFFBOARDING,
    }
    statement = {
        "Sid": "Offboarding",
        "Effect": "Allow",
        "Principal": {"Federated": provider_arn(issuer, account, partition)},
        "Action": ["sts:AssumeRoleWithWebIdentity"],
        "Condition": {"StringEquals": wanted},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def offboarding_policy(role: str, account: str, partition: str = "aws") -> dict[str, Any]:
    """Return what the role that ends sessions must be allowed: inline policies of the one role, and nothing else.

    Who may write a role's policies may give it anything; what bounds that is the role's permissions boundary.
    """
    statement = {
        "Sid": "EndSessions",
        "Effect": "Allow",
        "Action": ["iam:PutRolePolicy", "iam:ListRolePolicies", "iam:DeleteRolePolicy"],
        "Resource": role_arn(role, account, partition),
    }
    return {"Version": "2012-10-17", "Statement": [statement]}
