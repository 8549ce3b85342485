"""What each action means. The wire, the accounts, the tokens and the rates are others' work."""

from collections.abc import Mapping

from aws_emulator.actions import (
    address,
    gateway,
    group,
    group_rules,
    iam,
    image,
    image_make,
    instance_attribute,
    instance_describe,
    instance_state,
    instance_type,
    interface,
    interface_change,
    key_pair,
    launch,
    placement,
    route_table,
    snapshot,
    sts,
    subnet,
    tag,
    volume,
    volume_attach,
    volume_modify,
    vpc,
    vpc_block,
    zones,
)
from aws_emulator.actions.action import Action

ACTIONS: Mapping[tuple[str, str], Action] = {
    (action.service, action.name): action
    for module in (
        address,
        iam,
        image,
        image_make,
        instance_type,
        gateway,
        group,
        group_rules,
        instance_attribute,
        instance_describe,
        instance_state,
        interface,
        interface_change,
        key_pair,
        launch,
        placement,
        route_table,
        snapshot,
        sts,
        subnet,
        tag,
        volume,
        volume_attach,
        volume_modify,
        vpc,
        vpc_block,
        zones,
    )
    for action in module.ACTIONS
}
