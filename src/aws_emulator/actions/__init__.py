"""What each action means. The wire, the accounts, the tokens and the rates are others' work."""

from collections.abc import Mapping

from aws_emulator.actions import (
    catalogue,
    group,
    group_rules,
    instance_describe,
    instance_state,
    interface,
    key_pair,
    launch,
    sts,
    subnet,
    tag,
    vpc,
    zones,
)
from aws_emulator.actions.action import Action

ACTIONS: Mapping[tuple[str, str], Action] = {
    (action.service, action.name): action
    for module in (
        catalogue,
        group,
        group_rules,
        instance_describe,
        instance_state,
        interface,
        key_pair,
        launch,
        sts,
        subnet,
        tag,
        vpc,
        zones,
    )
    for action in module.ACTIONS
}
