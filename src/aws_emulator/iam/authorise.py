"""One call against one policy: every resource it makes or names must be allowed, and every tag it makes them with."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from aws_emulator.iam import resources
from aws_emulator.iam.document import Context, Policy
from aws_emulator.rules import refuse
from aws_emulator.state.region import Region


class _Question(NamedTuple):
    action: str
    resource: str
    kind: str
    context: Context


def authorise(
    policy: Policy,
    action: str,
    params: Mapping[str, Any],
    region: Region,
    principal: str,
    caller: Context,
) -> list[str]:
    """Return what allowed it, `Sid Action kind` each. Raises Refusal (UnauthorizedOperation).

    principal: the caller's ARN; caller: what conditions may ask of the caller.
    """
    grants = []
    for question in _questions(action, params, region):
        sid = policy.grant(f"ec2:{question.action}", question.resource, {**caller, **question.context})
        if sid is None:
            raise refuse("unauthorized", principal=principal, action=question.action, resource=question.resource)
        grants.append(f"{sid} {question.action} {question.kind}")
    return list(dict.fromkeys(grants))


def _questions(action: str, params: Mapping[str, Any], region: Region) -> Iterator[_Question]:
    everywhere: dict[str, str | list[str]] = {"aws:RequestedRegion": region.name, "ec2:Region": region.name}
    if action not in resources.ROWS:
        yield _Question(action, "*", "*", everywhere)
        return
    tagged = _tags(params)
    for kind in resources.made(action, params):
        asked = _requested(tagged.get(kind, {}))
        yield _Question(action, _arn(region, kind, "*"), kind, everywhere | asked)
    for found in resources.named(action, params, region):
        context = everywhere | {
            f"{prefix}:ResourceTag/{key}": value for key, value in found.tags.items() for prefix in ("aws", "ec2")
        }
        if action == "CreateTags":
            context |= _requested({tag["Key"]: tag.get("Value", "") for tag in params.get("Tags", [])})
        yield _Question(action, _arn(region, found.kind, found.id), found.kind, context)
    for kind, tags in tagged.items():
        context = everywhere | _requested(tags) | {"ec2:CreateAction": action}
        yield _Question("CreateTags", _arn(region, kind, "*"), kind, context)


def _tags(params: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    return {
        spec["ResourceType"]: {tag["Key"]: tag.get("Value", "") for tag in spec.get("Tags", [])}
        for spec in params.get("TagSpecifications", [])
    }


def _requested(tags: Mapping[str, str]) -> dict[str, str | list[str]]:
    found: dict[str, str | list[str]] = {f"aws:RequestTag/{key}": value for key, value in tags.items()}
    return found | {"aws:TagKeys": list(tags)} if tags else found


def _arn(region: Region, kind: str, identity: str) -> str:
    owner = "" if kind in ("image", "snapshot") else region.account
    return f"arn:aws:ec2:{region.name}:{owner}:{kind}/{identity}"
