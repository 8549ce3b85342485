"""The definitions: structural, closed, bounded, described; and every object of the model, as it is stored, fits."""

from __future__ import annotations

import random
import string
from typing import Any

import msgspec
import pytest
from tests.store.kubernetes import openapi
from tests.store.kubernetes.samples import everyone, sample
from tests.support.store import make_claim, make_network, make_server

from gurum.model.base import Resource
from gurum.model.codec import KINDS as MODEL
from gurum.model.server import Server
from gurum.pia.compute.fields import TAG
from gurum.pia.compute.servers import state, tags
from gurum.pia.network import port_rules, protocols, subnet_rules
from gurum.pia.network.tables.ports import VNIC_TYPES
from gurum.pia.network.tables.subnets import IPV6_MODES
from gurum.store.kubernetes import crds, references, schema, shape
from gurum.store.kubernetes.beside import BESIDE
from gurum.store.kubernetes.definitions import common, networks, ports, security, servers
from gurum.store.kubernetes.definitions.tables import FIELDS, KINDS
from gurum.store.kubernetes.kinds import PLACES
from gurum.store.kubernetes.words import camel

KIND_NAMES = (*PLACES, *BESIDE)


def whole(kind: str) -> dict[str, Any]:
    """Return a kind's schema."""
    found: dict[str, Any] = crds.definition(kind)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return found


def part(kind: str, name: str) -> dict[str, Any]:
    """Return the schema of spec or status."""
    found: dict[str, Any] = whole(kind)["properties"][name]
    return found


def at(kind: str, path: str) -> dict[str, Any]:
    """Return the schema of a field of spec: `networks[].portID`."""
    found = part(kind, "spec")
    for name in path.split("."):
        found = found["properties"][name.removesuffix("[]")]
        found = found["items"] if name.endswith("[]") else found
    return found


def test_every_kind_has_its_definition_and_its_place() -> None:
    assert [one["spec"]["names"]["kind"] for one in crds.all()] == list(KIND_NAMES)
    assert set(PLACES) == set(MODEL)
    assert {one["metadata"]["name"] for one in crds.all()} == {
        f"{place.plural}.{place.group}" for place in (*PLACES.values(), *(row.place for row in BESIDE.values()))
    }


@pytest.mark.parametrize("kind", KIND_NAMES)
def test_it_is_structural_closed_bounded_and_described(kind: str) -> None:
    assert list(openapi.faults(whole(kind), kind)) == []


def test_no_row_is_missing_and_none_is_stale() -> None:
    structs = [schema.spec_of(kind) for kind in MODEL.values()] + [schema.status_of(kind) for kind in MODEL.values()]
    beside = [struct for row in BESIDE.values() for struct in (row.spec, row.status) if struct is not None]
    assert schema.fields_of([*structs, *beside]) == set(FIELDS)
    assert set(KINDS) == set(KIND_NAMES)


def test_what_is_said_of_a_kind_is_said_of_fields_that_it_has() -> None:
    for name, row in KINDS.items():
        struct = BESIDE[name].spec if name in BESIDE else schema.spec_of(MODEL[name])
        known = {field.name for field in msgspec.structs.fields(struct)}
        assert set(row.fixed) - known - {"*"} == set(), name


@pytest.mark.parametrize("kind", everyone(), ids=lambda kind: kind.kind)
def test_the_schema_has_the_models_fields_and_no_others(kind: type[Resource]) -> None:
    named = {one.written.removesuffix("[]") for one in KINDS[kind.kind].references if "." not in one.written}
    fields = {camel(field.name) for field in msgspec.structs.fields(schema.spec_of(kind))}
    assert set(part(kind.kind, "spec")["properties"]) == fields | set(shape.IDENTITY) | named
    observed = {camel(field.name) for field in msgspec.structs.fields(schema.status_of(kind))}
    assert set(part(kind.kind, "status")["properties"]) == observed | set(shape.OBSERVED)
    assert (set(common.IDENTITY), set(common.OBSERVED)) == (set(shape.IDENTITY), set(shape.OBSERVED))


@pytest.mark.parametrize("kind", everyone(), ids=lambda kind: kind.kind)
def test_what_is_stored_fits_the_schema(kind: type[Resource]) -> None:
    rng = random.Random(kind.kind)
    of_spec, of_status = (openapi.validator(part(kind.kind, name)) for name in ("spec", "status"))
    for number in range(60):
        obj = sample(kind, rng, full=number % 4 == 0)
        document = shape.new(obj)
        of_spec.validate(document["spec"])
        of_status.validate(shape.status(obj))
        document["metadata"] |= {"resourceVersion": "7", "creationTimestamp": "2027-01-15T08:00:00Z", "generation": 1}
        assert shape.read(kind, document | {"status": shape.status(obj)}) == obj


def test_what_tests_make_fits_the_schema() -> None:
    for obj in (make_server(), make_network(), make_claim("10.0.0.1", "x")):
        openapi.validator(part(obj.kind, "spec")).validate(shape.new(obj)["spec"])


def test_what_does_not_fit_is_found() -> None:
    judge = openapi.validator(part("Server", "spec"))
    assert not judge.is_valid({"name": "x", "nmae": "y"})
    assert not judge.is_valid({"name": "x" * 256})
    assert not judge.is_valid({"metadata": {str(n): "" for n in range(1025)}})
    assert not judge.is_valid({"diskConfig": "auto"})
    assert not openapi.validator(part("Server", "status")).is_valid({"launchedAt": "yesterday"})
    assert not openapi.validator(part("Server", "status")).is_valid({"launchedAt": None})
    assert openapi.validator(part("Server", "status")).is_valid({"taskState": None})
    assert list(openapi.faults({"type": "object", "properties": {"a": {"type": "string"}}}))
    assert list(openapi.faults({"type": "array", "items": {"type": "object"}, "x-kubernetes-list-type": "set"}))


# What a person writes, and nothing more: everything else is filled in, or has a default.
LEAST: dict[str, dict[str, Any]] = {
    "Server": {"flavorRef": "m1.small", "imageRef": "ubuntu"},
    "ServerGroup": {"policy": "anti-affinity"},
    "KeyPair": {"publicKey": "ssh-ed25519 AAAA"},
    "Flavor": {"vcpus": 1, "ram": 512, "disk": 1},
    "Network": {},
    "Subnet": {"networkRef": "front", "cidr": "10.0.0.0/24"},
    "Port": {"networkRef": "front", "fixedIPs": [{"subnetRef": "front-a"}], "securityGroupRefs": ["web"]},
    "SecurityGroup": {},
    "SecurityGroupRule": {"securityGroupRef": "web", "direction": "ingress", "protocol": "tcp"},
    "Router": {"gateway": {"networkRef": "public"}},
    "FloatingIP": {"floatingNetworkRef": "public", "portRef": "web-0"},
    "Image": {},
}


@pytest.mark.parametrize("kind", LEAST)
def test_a_person_need_not_write_more(kind: str) -> None:
    openapi.validator(part(kind, "spec")).validate(LEAST[kind])


def test_references_name_fields_and_kinds_that_there_are() -> None:
    for kind, rows in references.REFERENCES.items():
        for one in rows:
            assert one.target in PLACES
            written, filled = at(kind, one.written), at(kind, one.filled)
            assert written["type"] == "string"
            assert filled["type"] == ("object" if one.copied else "string"), one
            assert schema.parent(one.written) == schema.parent(one.filled)  # `references.keep` relies on it
            for name in one.also:
                assert at(kind, name)["type"] == "string"


def test_lists_merge_by_what_tells_their_elements_apart() -> None:
    assert at("Server", "tags")["x-kubernetes-list-type"] == "set"
    assert at("Subnet", "allocationPools")["x-kubernetes-list-map-keys"] == ["start"]
    assert at("Port", "fixedIPs")["x-kubernetes-list-type"] == "atomic"
    conditions = part("Server", "status")["properties"]["conditions"]
    assert conditions["x-kubernetes-list-map-keys"] == ["type"]


def test_types_that_no_field_has_yet() -> None:
    class Loose(msgspec.Struct):
        """Anything."""

        anything: dict[str, Any]

    made = schema._Types().value(dict[str, Any], FIELDS["ServerSpec.metadata"], "x", "x")
    assert made == {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    with pytest.raises(TypeError, match="bytes"):
        schema._Types().value(bytes, FIELDS["ServerSpec.name"], "x", "x")
    with pytest.raises(KeyError):
        schema.row_of(Loose, "anything")


def test_columns_and_names_as_people_expect_them() -> None:
    spec = crds.definition("Server")["spec"]
    columns = spec["versions"][0]["additionalPrinterColumns"]
    shown = [one["name"] for one in columns if not one.get("priority")]
    assert shown == ["Name", "ID", "State", "Available", "Age"]
    assert {"Message", "Zone"} == {one["name"] for one in columns if one.get("priority")}
    assert spec["names"]["categories"] == ["gurum"]
    assert crds.definition("AddressClaim")["spec"]["names"]["categories"] == ["gurum-internal"]
    for one in crds.all():
        assert set(one["spec"]["names"]["plural"]) <= set(string.ascii_lowercase)
        paths = [one["jsonPath"] for one in one["spec"]["versions"][0].get("selectableFields", ())]
        assert set(paths) <= {".spec.id", ".spec.name"}


def test_bounds_and_words_are_the_apis_own() -> None:
    """The API and the schema each have a table, because neither may know the other; they must say the same."""
    assert set(servers.VM_STATES) == set(state.STATUS)
    assert set(security.PROTOCOLS) == set(protocols.NUMBERS)
    assert set(ports.VNIC_TYPES) == set(VNIC_TYPES)
    assert set(networks.MODES) == set(IPV6_MODES)
    assert (at("Server", "tags")["maxItems"], at("Server", "tags")["items"]["maxLength"]) == (
        tags.MOST,
        TAG["maxLength"],
    )
    assert at("Subnet", "dnsNameservers")["maxItems"] == subnet_rules.MAX_NAMESERVERS
    assert at("Subnet", "hostRoutes")["maxItems"] == subnet_rules.MAX_ROUTES
    assert at("Port", "allowedAddressPairs")["maxItems"] == port_rules.MAX_PAIRS


def test_explanations_speak_kubernetes_words() -> None:
    text = part("Server", "spec")["description"]
    assert "availabilityZone" in text
    assert "availability_zone" not in text
    assert at("Server", "diskConfig")["description"].endswith("Default: MANUAL.")
    assert shape.spec_fields(Server) <= set(part("Server", "spec")["properties"])
