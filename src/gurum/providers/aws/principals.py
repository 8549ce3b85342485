"""How people, and we ourselves, are named to AWS: the subject of a token, the name of a session, its tags.

All of it ends up in CloudTrail and may be read there by others than those who may read our store: so it is ids, never
names. A trust policy is written against the same words (`trust`).
"""

from __future__ import annotations

import hashlib
import re

from gurum.providers.behalf import Behalf

SYSTEM = "gurum-system"  # the session's name of what nobody asked for
TAGS = {"user": "pia:user", "project": "pia:project", "request": "pia:request", "decision": "pia:decision"}
OFFBOARDING = "gurum-offboarding"  # the session's name of who ends others' sessions
_TAG = re.compile(r"[A-Za-z0-9_.:/=+@-]{1,256}\Z")
_NAME = re.compile(r"[A-Za-z0-9_=,.@-]{2,64}\Z")


def subject(behalf: Behalf | None, owner: str) -> str:
    """Return who a token is about, in words that a trust policy can be written for."""
    return f"system:{owner}" if behalf is None else f"project:{behalf.project}:user:{behalf.user}"


def name(behalf: Behalf | None) -> str:
    """Return the session's name as CloudTrail shows it: the person's id, or a digest of one that AWS would not take."""
    if behalf is None:
        return SYSTEM
    return behalf.user if _NAME.match(behalf.user) else hashlib.sha256(behalf.user.encode()).hexdigest()


def tags(behalf: Behalf | None) -> dict[str, str]:
    """Return the session's tags; nobody's has none."""
    if behalf is None:
        return {}
    return {tag: value for field, tag in TAGS.items() if (value := getattr(behalf, field))}


def offboarder(owner: str) -> str:
    """Return who a token of an off-boarding is about."""
    return f"offboarder:{owner}"


def tagged(user: str) -> str:
    """Return a person's id as the tag of their sessions has it: what AWS would refuse in a tag is a digest there."""
    return user if _TAG.match(user) else hashlib.sha256(user.encode()).hexdigest()
