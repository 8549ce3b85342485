"""AssumeRoleWithWebIdentity: a verified token, a role that trusts it, and the session that follows."""

import re
from collections.abc import Mapping
from secrets import token_urlsafe
from typing import Any

from aws_emulator.config import Config
from aws_emulator.context import Context
from aws_emulator.federation.keys import Keys
from aws_emulator.federation.sessions import Session, digest
from aws_emulator.federation.token import Identity, verify
from aws_emulator.iam.trust import ASSUME, IDENTIFY, TAG, Role, Trust
from aws_emulator.rules import refuse

SHORTEST, LONGEST, USUAL = 900, 43_200, 3600
_ARN = re.compile(r"arn:aws:iam::(\d{12}):role/([\w+=,.@/-]{1,512})\Z", re.ASCII)
_NAME = re.compile(r"[\w+=,.@-]*\Z", re.ASCII)
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def account_of(role_arn: str, config: Config) -> str:
    """Return the account in which a role is asked for. Raises Refusal for no ARN of a role, or an account not known."""
    found = _ARN.match(role_arn)
    if found is None:
        raise refuse("sts.arn")
    if found.group(1) not in {*config.accounts.values(), *(role.account for role in config.roles)}:
        raise refuse("sts.not-authorized")
    return found.group(1)


def check(params: Mapping[str, Any]) -> None:
    """Refuse what no role could make good: lengths and patterns that the client library leaves to AWS."""
    name, token, seconds = params["RoleSessionName"], params["WebIdentityToken"], params.get("DurationSeconds", USUAL)
    if not 2 <= len(name) <= 64:
        raise refuse("sts.name-length", value=name, bound="less than or equal to 64" if len(name) > 64 else
                     "greater than or equal to 2")  # fmt: skip
    if not _NAME.match(name):
        raise refuse("sts.name", value=name)
    if not 4 <= len(token) <= 20_000:
        raise refuse("sts.token-length", bound="less than or equal to 20000" if len(token) > 4 else
                     "greater than or equal to 4")  # fmt: skip
    if not SHORTEST <= seconds <= LONGEST:
        raise refuse("sts.duration", value=seconds, bound=f"less than or equal to {LONGEST}" if seconds > LONGEST else
                     f"greater than or equal to {SHORTEST}")  # fmt: skip


def assume(call: Context, params: Mapping[str, Any], keys: Keys) -> tuple[Session, str, str]:
    """Return a session with its secret key and session token. Raises Refusal."""
    account, config = call.region.account, call.config
    check(params)
    identity = verify(params["WebIdentityToken"], account, config.oidc_providers, keys.key, call.now)
    wanted, name = params["RoleArn"], params["RoleSessionName"]
    role = next((each for each in config.roles if each.arn == wanted), None)
    if role is None:
        raise refuse("sts.not-authorized")  # as if it did not trust: names of roles are not told to strangers
    _trusted(role, identity, name)
    seconds = params.get("DurationSeconds", min(USUAL, role.max_session))
    if seconds > role.max_session:
        raise refuse("sts.duration-role")
    secret, token = token_urlsafe(30), token_urlsafe(240)
    session = Session(
        access_key="ASIA" + "".join(call.random.choice(_LETTERS) for _ in range(16)),
        token=digest(token),
        account=account,
        role=role.name,
        role_id=role.id,
        name=name,
        provider=identity.provider.arn,
        subject=identity.subject,
        audience=identity.audience,
        issued_at=call.now,
        expires_at=call.now + seconds,
        tags=identity.tags,
        transitive=identity.transitive,
        source=identity.source,
    )
    return session, secret, token


def _trusted(role: Role, identity: Identity, name: str) -> None:
    trust, provider = Trust(role.trust), identity.provider
    context: dict[str, str | list[str]] = {
        f"{provider.host}:aud": identity.audience,
        f"{provider.host}:sub": identity.subject,
        "sts:RoleSessionName": name,
    }
    amr = identity.claims.get("amr")
    if isinstance(amr, list):
        context[f"{provider.host}:amr"] = [str(each) for each in amr]
    if identity.tags:
        context |= {f"aws:RequestTag/{key}": value for key, value in identity.tags.items()}
        context["aws:TagKeys"] = list(identity.tags)
    if identity.transitive:
        context["sts:TransitiveTagKeys"] = identity.transitive
    if identity.source:
        context["sts:SourceIdentity"] = identity.source
    needed = [ASSUME, *([TAG] if identity.tags else []), *([IDENTIFY] if identity.source else [])]
    if not all(trust.allows(action, provider.arn, context) for action in needed):
        raise refuse("sts.not-authorized")
