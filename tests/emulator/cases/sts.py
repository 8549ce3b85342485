"""Cases of STS, and of sessions: who is believed, whom a role trusts, for how long."""

from typing import Any

from tests.emulator.cases.case import Case, send, signature
from tests.emulator.cloud import Cloud
from tests.emulator.issuer import CONFIG, ISSUER, ROLE, Issuer, tag_claim

LONG = 20_001
ONE = {"AssumeRoleWithWebIdentity": {"capacity": 1, "refill": 0}}


def ask(cloud: Cloud, issuer: Issuer | None = None, **claims: Any) -> None:
    """Ask for a session with a token that says this beside what is well."""
    signer = issuer or Issuer()
    signer.learned(cloud.emulator)
    assume(cloud, signer.token(**claims))


def assume(cloud: Cloud, token: str, **more: str) -> None:
    """Ask for a session with a token, as any client may."""
    fields = {"RoleArn": ROLE, "RoleSessionName": "alice", "DurationSeconds": "900", "WebIdentityToken": token} | more
    send(cloud, "", Action="AssumeRoleWithWebIdentity", Version="2011-06-15", **fields)


def _with(cloud: Cloud, **more: str) -> None:
    issuer = Issuer()
    issuer.learned(cloud.emulator)
    assume(cloud, issuer.token(), **more)


def _other_key(cloud: Cloud) -> None:
    """A token that names a known key, and is signed by another."""
    known = Issuer()
    known.learned(cloud.emulator)
    assume(cloud, Issuer(key="other").token(kid=known.kid))


def _unsigned(cloud: Cloud) -> None:
    Issuer().learned(cloud.emulator)
    assume(cloud, Issuer().token(algorithm="none"))


def _unreachable(cloud: Cloud) -> None:
    cloud.emulator.learn(ISSUER, "unreachable")
    assume(cloud, Issuer().token())


def _too_many(cloud: Cloud) -> None:
    issuer = Issuer()
    issuer.learned(cloud.emulator)
    for _ in range(2):
        assume(cloud, issuer.token())


def _over(cloud: Cloud, service: str, action: str) -> None:
    session = Issuer().session(cloud.emulator)
    cloud.wait(901)
    cloud.emulator.handle(
        authorization=signature(session["AccessKeyId"], service=service),
        security_token=session["SessionToken"],
        body=f"Action={action}",
    )


CASES = {
    "sts.malformed": Case(lambda c: assume(c, "no.token"), CONFIG),
    "sts.no-provider": Case(lambda c: ask(c, iss="https://somebody.example"), CONFIG),
    "sts.algorithm": Case(_unsigned, CONFIG),
    "sts.no-key": Case(lambda c: ask(c, kid="unheard-of"), CONFIG),
    "sts.unreachable": Case(_unreachable, CONFIG),
    "sts.signature": Case(_other_key, CONFIG),
    "sts.claim-missing": Case(lambda c: ask(c, sub=None), CONFIG),
    "sts.claim-wrong": Case(lambda c: ask(c, iat="yesterday"), CONFIG),
    "sts.expired": Case(lambda c: ask(c, life=0), CONFIG),
    "sts.not-yet": Case(lambda c: ask(c, nbf=2_000_000_000), CONFIG),
    "sts.audience": Case(lambda c: ask(c, aud="api://other"), CONFIG),
    "sts.tags": Case(lambda c: ask(c, **tag_claim({"a": "v" * 257})), CONFIG),
    "sts.arn": Case(lambda c: _with(c, RoleArn="arn:aws:iam::1:user/me"), CONFIG),
    "sts.not-authorized": Case(lambda c: ask(c, sub="somebody:else"), CONFIG),
    "sts.name": Case(lambda c: _with(c, RoleSessionName="a b/c"), CONFIG),
    "sts.name-length": Case(lambda c: _with(c, RoleSessionName="a"), CONFIG),
    "sts.token-length": Case(lambda c: assume(c, "x" * LONG), CONFIG),
    "sts.duration": Case(lambda c: _with(c, DurationSeconds="899"), CONFIG),
    "sts.duration-role": Case(lambda c: _with(c, DurationSeconds="3601"), CONFIG),
    "sts.rate": Case(_too_many, CONFIG | {"throttle": {"enabled": True, "requests": ONE}}),
    "auth.over": Case(lambda c: _over(c, "ec2", "DescribeVpcs"), CONFIG),
    "auth.over-sts": Case(lambda c: _over(c, "sts", "GetCallerIdentity"), CONFIG),
}
