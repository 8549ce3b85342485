"""Names, times and field names: the translation loses nothing and never makes one thing of two."""

from __future__ import annotations

import random
import re
import typing

import pytest

from gurum.model import codec
from gurum.store.kubernetes import shape, words
from gurum.store.kubernetes.kinds import PLACES, SYSTEM, name_of, namespace_of

NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("name", "name"),
        ("cidr", "cidr"),
        ("key_name", "keyName"),
        ("fixed_ip_address", "fixedIPAddress"),
        ("image_id", "imageID"),
        ("access_ipv4", "accessIPv4"),
        ("enable_dhcp", "enableDHCP"),
        ("vm_state", "vmState"),
    ],
)
def test_fields_are_written_as_kubernetes_writes_them(field: str, name: str) -> None:
    assert words.camel(field) == name


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "1970-01-01T00:00:00Z"),
        (1_800_000_000.0, "2027-01-15T08:00:00Z"),
        (12.5, "1970-01-01T00:00:12.5Z"),
        (1_800_000_000.25, "2027-01-15T08:00:00.25Z"),
        (1e-7, "1970-01-01T00:00:00.0000001Z"),
    ],
)
def test_a_moment_is_rfc_3339(seconds: float, text: str) -> None:
    assert words.moment(seconds) == text
    assert words.seconds(text) == seconds


def test_every_moment_comes_back_as_it_went() -> None:
    rng = random.Random(3)
    for _ in range(2000):
        seconds = rng.uniform(0, 4e9)
        assert words.seconds(words.moment(seconds)) == seconds


def test_every_kind_of_the_model_has_a_place_and_none_is_anothers() -> None:
    assert set(PLACES) == set(codec.KINDS)
    assert len({(place.group, place.plural) for place in PLACES.values()}) == len(PLACES)
    shorts = [short for place in PLACES.values() for short in (place.plural, *place.short)]
    assert len(shorts) == len(set(shorts)) + sum(place.plural in place.short for place in PLACES.values())


@pytest.mark.parametrize("kind", codec.KINDS)
def test_no_field_of_the_model_is_called_as_one_of_ours(kind: str) -> None:
    hints = typing.get_type_hints(codec.KINDS[kind])
    spec, status = words.inward(hints["spec"]), words.inward(hints["status"])
    assert not set(shape.IDENTITY) & set(spec.fields)
    assert not set(shape.OBSERVED) & set(status.fields)
    assert len({inner for inner, _ in spec.fields.values()}) == len(spec.fields)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("a", "a"),
        ("10.0.0.1", "10.0.0.1"),
        ("kakao-usa-east1/1", "kakao-usa-east1--1"),
        ("5ab0d1a8-62bb-4b0c-9f3c-1ee8d9f2bd5a/10.0.0.2", "5ab0d1a8-62bb-4b0c-9f3c-1ee8d9f2bd5a--10.0.0.2"),
    ],
)
def test_a_name_can_be_read_where_the_key_allows_it(key: str, name: str) -> None:
    assert name_of(key) == name


AWKWARD = [
    "A", "구름", "", ".", "..", "a/", "/a", "a//b", "a--b", "a-/b", "a/-b", "a/b--c", "a--b/c", "a..b", "a.-b", "a-.b",
    "x" * 254, "x-" + "0" * 64, "nul\0", "a\ud800", "1:2", "a/b/c", "a/b", "fe80::1/64",
]  # fmt: skip


def test_names_are_legal_and_no_two_keys_share_one() -> None:
    names = [name_of(key) for key in AWKWARD]
    assert len(set(names)) == len(AWKWARD)
    for name in names:
        assert NAME.fullmatch(name), name
        assert len(name) <= 253
    # A digest is nobody's readable name.
    assert name_of(name_of("구름")) != name_of("구름")


def test_namespaces_are_legal_and_no_two_projects_share_one() -> None:
    projects = ["", "p1", "P1", "0" * 32, "x" * 64, "nobody's", "x-1", "구름", "a.b", "system"]
    names = [namespace_of(project) for project in projects]
    assert names[0] == SYSTEM
    assert len(set(names)) == len(projects)
    for name in names:
        assert re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", name)
        assert len(name) <= 63
