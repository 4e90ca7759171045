"""What was once stored is read for ever, to the same value, from the same bytes, under the same leaf."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from domain.topics import EVENT_CLASSES
from tests.golden import files
from tests.golden.example import Example
from tests.golden.examples import EXAMPLES
from tests.golden.files import CODEC, FOLDER, Changed, add, leaf, path_of, recorded_leaves

CURE = "add an Example at the end of the last list of tests/golden/examples.py, then run: python -m tests.golden.add"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_a_stored_entry_is_read_to_the_value_it_was_stored_from(example: Example) -> None:
    assert CODEC.decode(example.event.TOPIC, path_of(example).read_bytes()) == (example.event, example.meta)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_a_stored_entry_keeps_its_leaf(example: Example) -> None:
    assert leaf(example, path_of(example).read_bytes()) == recorded_leaves()[example.name]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_today_the_same_value_is_stored_in_the_same_bytes(example: Example) -> None:
    if example.schema == type(example.event).VERSION:
        assert CODEC.encode(example.event, example.meta) == path_of(example).read_bytes(), (
            f"{example.event.TOPIC} is stored in other bytes now: raise its VERSION, keep the file, write an upcaster"
        )
    else:
        assert f'"v":{example.schema}'.encode() in path_of(example).read_bytes() or example.schema == 1


def test_an_amount_that_json_readers_would_round_is_stored_as_a_decimal_string() -> None:
    (example,) = (e for e in EXAMPLES if e.name == "campaign.funding_received.v1.in-wei")
    assert example.event.amount == 1_234_567 * 10**18 + 1  # type: ignore[attr-defined]
    assert b'"amount":"1234567000000000000000001"' in path_of(example).read_bytes()


def test_every_topic_and_schema_version_has_a_golden_file() -> None:
    wanted = {(kind.TOPIC, version) for kind in EVENT_CLASSES for version in range(1, kind.VERSION + 1)}
    missing = wanted - {(example.event.TOPIC, example.schema) for example in EXAMPLES}
    assert not missing, f"without an example: {sorted(missing)}; {CURE}"


def test_every_golden_file_belongs_to_an_example() -> None:
    names = sorted(example.name for example in EXAMPLES)
    assert len(set(names)) == len(names)
    assert sorted(path.name.removesuffix(".json") for path in FOLDER.iterdir()) == names, CURE
    assert sorted(recorded_leaves()) == names, CURE


def test_positions_of_examples_are_never_used_twice() -> None:
    assert [example.position for example in EXAMPLES] == list(range(1, len(EXAMPLES) + 1))


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(files, "FOLDER", tmp_path)
    monkeypatch.setattr(files, "LEAVES", tmp_path / "leaves.json")
    return tmp_path


def test_adding_writes_what_is_new_and_leaves_what_is_there(elsewhere: Path) -> None:
    assert add(EXAMPLES[0])
    before = {path: path.read_bytes() for path in elsewhere.iterdir()}
    assert not add(EXAMPLES[0])
    assert {path: path.read_bytes() for path in elsewhere.iterdir()} == before


def test_adding_refuses_to_change_what_is_there(elsewhere: Path) -> None:
    add(EXAMPLES[1])
    before = {path: path.read_bytes() for path in elsewhere.iterdir()}
    for changed in (
        msgspec.structs.replace(EXAMPLES[1], by="issuer:another"),
        msgspec.structs.replace(EXAMPLES[1], position=99),
        msgspec.structs.replace(EXAMPLES[2], schema=7),
    ):
        with pytest.raises(Changed):
            add(changed)
    assert {path: path.read_bytes() for path in elsewhere.iterdir()} == before
