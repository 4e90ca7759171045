"""Names that others rely on for ever: topics, refusal codes, and that each is documented, used and exemplified."""

from __future__ import annotations

import ast
import re

import msgspec

from domain.commands import ALLOWED
from domain.journal import Event
from domain.refusals import CODES
from domain.topics import EVENT_CLASSES, EVENTS
from tests.architecture.source import BELOW_OPS, ROOT, Source, calls, sources, told
from tests.golden.files import FOLDER

ADR = (ROOT / "ops/docs/adr/0002-the-domain-whole.md").read_text()
TRANSITIONS = (ROOT / "tests/unit/domain/machines/transitions.txt").read_text()
EVENTS_TABLE = ADR[ADR.index("### 2.11") : ADR.index("### 2.12")]
ROW = re.compile(r"^\| ([a-z]+\.[a-z_]+)( ⛓)? \| ([^|]*) \| ([^|]*) \|$", flags=re.MULTILINE)
ARROW = re.compile(r"^    (\S+) --> (\S+): (\S+)$", flags=re.MULTILINE)
TRANSITION = re.compile(r"^([a-z]+): (\S+) --([a-z_.]+)--> (\S+)$", flags=re.MULTILINE)

# Who made the entry, and the stream's own id in its first event: said once for all events in the ADR.
MAKERS = {"by", "declarer", "owner", "pauser", "recorder", "requester", "reviewer", "submitter"}
OWN_IDS = {
    ("campaign.drafted", "campaign_id"),
    ("investment.committed", "investment_id"),
    ("investor.registered", "investor_id"),
}


def test_every_topic_has_a_golden_file() -> None:
    stored = {re.split(r"\.v\d", path.name)[0] for path in FOLDER.iterdir()}
    missing = sorted({kind.TOPIC for kind in EVENT_CLASSES} - stored)
    assert not missing, told(missing, "Add an Example in tests/golden, then: python -m tests.golden.add")


def test_every_topic_is_documented_with_its_data() -> None:
    documented = {topic: {*data.split(", ")} - {""} for topic, _, data, _ in ROW.findall(EVENTS_TABLE)}
    wrong = [f"{topic}: there is no such topic" for topic in sorted(set(documented) - set(EVENTS))]
    for topic, kind in EVENTS.items():
        own, said = _fields_of(kind), documented.get(topic)
        if said is None:
            wrong.append(f"{topic} is missing")
        elif own != said:
            wrong.append(f"{topic}: documented {sorted(said - own)}, not documented {sorted(own - said)}")
    assert not wrong, told(
        wrong, "Make the row of ADR 0002, section 2.11, say what the event carries; ? may be absent."
    )


def test_the_changes_say_how_many_topics_there_are() -> None:
    said = re.findall(r"^\* Topics: (\d+),", (ROOT / "ops/docs/changes.md").read_text(), flags=re.MULTILINE)
    assert [int(count) for count in said[:1]] == [len(EVENTS)], "Correct the newest `Topics:` of ops/docs/changes.md."


def _fields_of(kind: type[Event]) -> set[str]:
    """The fields as the table writes them."""
    return {
        field.name if field.required else f"{field.name}?"
        for field in msgspec.structs.fields(kind)
        if field.name not in MAKERS and (kind.TOPIC, field.name) not in OWN_IDS
    }


def test_every_topic_that_obliges_a_chain_write_is_marked() -> None:
    marked = {topic for topic, chained, _, _ in ROW.findall(EVENTS_TABLE) if chained}
    obliging = {kind.TOPIC for kind in EVENT_CLASSES if "Obliges `" in (kind.__doc__ or "").replace("a member of ", "")}
    assert marked == obliging, "the mark ⛓ in ADR 0002, section 2.11, and the docstrings of the events must agree"


def test_every_command_is_documented_with_the_event_it_makes_and_who_may_give_it() -> None:
    said = " ".join(command for _, _, _, command in ROW.findall(EVENTS_TABLE))
    roles_of = {name: _roles(who) for name, who in re.findall(r"\b([A-Z][A-Za-z]+) \(([^)]*)\)", said)}
    wrong = [
        f"{kind.__name__}: for {', '.join(sorted(roles))}, documented: {sorted(roles_of.get(kind.__name__, ()))}"
        for kind, roles in ALLOWED.items()
        if roles_of.get(kind.__name__) != roles
    ]
    assert not wrong, told(wrong, "Name the command and its roles in the table of ADR 0002, section 2.11.")


def _roles(who: str) -> frozenset[str]:
    """The roles in `compliance, not the submitter`, `its issuer, compliance`."""
    may = re.split(r",? (?:not|neither) |;", who)[0]
    return frozenset(part.removeprefix("its ") for part in may.split(", "))


def test_the_diagrams_of_the_states_show_what_happens() -> None:
    drawn: set[tuple[str, str, str]] = {
        (before.replace("[*]", "-"), topic, after) for before, after, topic in ARROW.findall(ADR)
    }
    made: set[tuple[str, str, str]] = {
        (before, topic.partition(".")[2], after)
        for kind, before, topic, after in TRANSITION.findall(TRANSITIONS)
        if before != after and kind != "payment" and after != "erased"
    }
    missing = [f"{before} --> {after}: {topic}" for before, topic, after in sorted(made - drawn)]
    assert made, "the list of transitions is empty"
    assert not missing, told(missing, "Draw the arrow in ADR 0002, section 2.2.")


def _refusals(source: Source) -> list[tuple[ast.Call, ast.expr]]:
    return [
        (call, call.args[0]) for call, name in calls(source.tree) if name in ("Refusal", "errors.Refusal") and call.args
    ]


def test_every_refusal_raised_is_in_the_registry() -> None:
    wrong = []
    for source in sources(*BELOW_OPS):
        for call, code in _refusals(source):
            if not isinstance(code, ast.Constant):
                wrong.append(f"{source.at(call)}: the code must be written out, so that it can be found")
            elif code.value not in CODES:
                wrong.append(f"{source.at(call)}: {code.value!r} is not in the registry")
    assert not wrong, told(wrong, "Add the code to domain/refusals.py with its status, its text and its cure.")


def test_every_refusal_of_the_registry_is_raised_somewhere() -> None:
    raised = {
        code.value for source in sources(*BELOW_OPS) for _, code in _refusals(source) if isinstance(code, ast.Constant)
    }
    unused = sorted(set(CODES) - raised)
    assert not unused, told(unused, "Delete the code from domain/refusals.py: nothing answers with it.")


def test_the_registry_is_kept_in_order() -> None:
    assert list(CODES) == sorted(CODES), "sort the rows of domain/refusals.py: people look codes up"
