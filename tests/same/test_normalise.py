from __future__ import annotations

from tests.same.normalise import Normaliser, covered, leaves, literals
from tests.same.samples import ONE, TWO, play


def test_the_same_id_has_the_same_number_and_another_id_another() -> None:
    normaliser = Normaliser({}, "")
    assert normaliser.value(f"{ONE} {TWO} {ONE}") == "<id:1> <id:2> <id:1>"
    assert normaliser.value(f"/servers/{TWO}/action") == "/servers/<id:2>/action"


def test_ids_without_dashes_hosts_macs_and_addresses_are_numbered_apart() -> None:
    normaliser = Normaliser({}, "")
    assert normaliser.value("a" * 32 + " " + "b" * 56) == "<id:1> <id:2>"
    assert normaliser.value("fa:16:3e:00:00:01 at 10.0.0.5") == "<mac:1> at <address:1>"
    assert normaliser.value("10.0.0.5,10.0.0.6") == "<address:1>,<address:2>"


def test_what_the_script_writes_stays_and_so_does_the_gateway_of_its_networks() -> None:
    normaliser = Normaliser({}, "subnet create --subnet-range 10.77.0.0/24 --gateway nonsense 10.77.0.50")
    assert (
        normaliser.value("10.77.0.0/24 10.77.0.1 10.77.0.50 10.77.0.9")
        == "10.77.0.0/24 10.77.0.1 10.77.0.50 <address:1>"
    )
    assert "10.77.1.0" not in literals("10.77.2.0/33")


def test_times_keep_their_form_and_an_objects_creation_its_number() -> None:
    normaliser = Normaliser({}, "")
    made = "2030-01-02T03:04:05Z"
    assert normaliser.value(made, "created_at", ONE) == "<time:1 0000-00-00T00:00:00Z>"
    assert normaliser.value(made, "created_at", TWO) == "<time:2 0000-00-00T00:00:00Z>"
    assert normaliser.value(made, "created_at", ONE) == "<time:1 0000-00-00T00:00:00Z>"
    assert normaliser.value(made, "updated_at", ONE) == "<time 0000-00-00T00:00:00Z>"
    assert normaliser.value("2030-01-02T03:04:05.000000", "updated_at", ONE) == "<time 0000-00-00T00:00:00.000000>"


def test_names_of_the_run_are_replaced_the_longest_first() -> None:
    normaliser = Normaliser(
        {"http://h:1/compute": "<root>", "http://h:1/compute/v2.1": "<compute>", "r-1": "<run>"}, ""
    )
    assert normaliser.value("http://h:1/compute/v2.1/servers r-1-net") == "<compute>/servers <run>-net"
    assert normaliser.value("http://h:1/compute/servers") == "<root>/servers"


def test_a_password_is_known_by_its_key_and_keeps_its_length() -> None:
    normaliser = Normaliser({}, "")
    assert normaliser.value("s3cret", "adminPass") == "<password:1 xxxxxx>"
    assert normaliser.value(None, "admin_password") is None
    assert normaliser.value("", "admin_password") == ""


def test_a_document_is_its_leaves_in_its_own_order() -> None:
    shown = leaves(play("x", {"b": [1, {"c": None}], "a": {}, "d": []}))
    assert [(path, value) for path, value, _, _ in shown] == [
        ("exit", 0),
        ("$.b[0]", 1),
        ("$.b[1].c", None),
        ("$.a", {}),
        ("$.d", []),
    ]


def test_a_text_is_its_lines_and_tables_are_as_wide_as_nothing() -> None:
    shown = leaves(play("x", "+-----+\n| a   |\n\n| b |\n", stderr="no\n", code=1))
    assert [(path, value) for path, value, _, _ in shown] == [
        ("exit", 1),
        ("stdout[0]", "+---+"),
        ("stdout[1]", "| a |"),
        ("stdout[2]", ""),
        ("stdout[3]", "| b |"),
        ("stderr[0]", "no"),
    ]


def test_progress_is_no_output() -> None:
    assert [(path, value) for path, value, _, _ in leaves(play("x", '\rProgress: 0\rProgress: 20\n{"id": 1}'))] == [
        ("exit", 0),
        ("$.id", 1),
    ]


def test_a_field_covers_itself_and_what_is_in_it_and_no_other() -> None:
    assert covered("$.pools[0].start", "$.pools")
    assert covered("$.pools", "$.pools")
    assert not covered("$.pools_too", "$.pools")
    assert not covered("$.other", "$.pools")
