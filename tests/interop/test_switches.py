"""No switch without a reason and a proof, none that hides what is there, and nothing off that is not a switch."""

from __future__ import annotations

import configparser
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from tests.interop import conf, switches
from tests.interop.accounts import Account
from tests.interop.site import Site
from tests.interop.switches import Advertised, Switch

REGIONS = ("kakao-usa-east1", "kr-central-1")
NOTHING = Advertised(
    services=frozenset({"compute"}), lacking=frozenset({"keypair.ecdsa", "server.pause"}), simulated=True
)


def switch(**absent: str) -> Switch:
    return Switch(option="compute-feature-enabled.pause", value=False, why="So it is.", absent=absent)


@pytest.mark.parametrize(
    ("absent", "there", "hides"),
    [
        ({"service": "volumev3,block-storage"}, NOTHING, False),
        ({"service": "volumev3,compute"}, NOTHING, True),
        ({"capability": "server.pause"}, NOTHING, False),
        ({"capability": "server.resize"}, NOTHING, True),
        ({"guests": "any"}, NOTHING, False),
        ({"guests": "any"}, msgspec.structs.replace(NOTHING, simulated=False), True),
        ({"service": "volumev3", "capability": "server.resize"}, NOTHING, True),
    ],
)
def test_a_switch_that_hides_what_exists_is_told(absent: dict[str, str], there: Advertised, hides: bool) -> None:
    assert bool(switches.hiding([switch(**absent)], there)) is hides


@pytest.mark.parametrize(
    "row",
    [
        "- {option: a.b, value: false, why: It is., absent: {}}",
        "- {option: a.b, value: false, why: '', absent: {guests: any}}",
        "- {option: a.b, value: false, why: It is., absent: {mood: bad}}",
        "- {option: a.b, value: false, absent: {guests: any}}",
        "- {option: a.b, value: false, why: It is.}",
    ],
)
def test_a_switch_without_reason_or_proof_is_none(tmp_path: Path, row: str) -> None:
    path = tmp_path / "switches.yaml"
    path.write_text(row)
    with pytest.raises(ValueError):
        switches.load(REGIONS[0], path)


@pytest.mark.parametrize("region", REGIONS)
def test_the_file_can_be_read(region: str) -> None:
    assert "service_available.cinder" in {row.option for row in switches.load(region)}


class NoStack:
    """A stack as far as the configuration asks."""

    class config:  # noqa: N801 - named as the attribute it stands for
        class identity:  # noqa: N801 - likewise
            url = "http://127.0.0.1:1/v3"


def site(**more: Any) -> Site:
    account = Account("u", "p", "i", "member", "pw", "net")
    made: dict[str, Any] = {
        "stack": cast(Any, NoStack()),
        "region": REGIONS[0],
        "accounts": [account],
        "admin": account,
        "network": "n",
        "images": ["a", "b"],
        "flavors": ["1", "2"],
        "extensions": ["router", "quotas"],
        "newest": "2.96",
    }
    return Site(**(made | more))


def written(*told: Switch, booleans: dict[str, list[str]] | None = None) -> configparser.RawConfigParser:
    names = booleans or {"compute-feature-enabled": ["pause", "resize"], "network-feature-enabled": ["ipv6"]}
    parser = configparser.RawConfigParser()
    parser.read_string(conf.text(conf.sections(site(), names, told, Path("/nowhere"))))
    return parser


def test_everything_is_on_but_the_switches() -> None:
    parser = written(switch(guests="any"))
    assert parser["compute-feature-enabled"]["resize"] == "True"
    assert parser["compute-feature-enabled"]["pause"] == "False"
    assert parser["network-feature-enabled"]["ipv6"] == "True"


def test_a_fact_switches_nothing() -> None:
    found = conf.facts(site(), Path("/nowhere"))
    assert {section: set(found[section]) for section in found if section.endswith("-enabled")} == {
        "network-feature-enabled": {"api_extensions"}
    }
    assert "service_available" not in found


def test_the_extensions_are_the_regions_own() -> None:
    assert written()["network-feature-enabled"]["api_extensions"] == "router,quotas"


def test_an_option_that_hides_when_it_is_on_is_off() -> None:
    parser = written(booleans={"identity-feature-enabled": ["immutable_user_source", "trust"]})
    assert parser["identity-feature-enabled"]["immutable_user_source"] == "False"
    assert parser["identity-feature-enabled"]["trust"] == "True"


def test_the_lockout_that_tempest_expects_is_keystones() -> None:
    identity = written()["identity"]
    assert identity["user_lockout_failure_attempts"] == "4"
    assert identity["user_unique_last_password_count"] == "3"


def test_accounts_are_tempests_rows() -> None:
    first, administrator = site().rows()
    assert (first["roles"], first["resources"]) == (["member"], {"network": "net"})
    assert administrator["types"] == ["admin"]
    assert "pw" not in repr(site().accounts[0])
