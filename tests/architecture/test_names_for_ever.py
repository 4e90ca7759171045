"""Names that others rely on for ever: topics, refusal codes, and that each is documented, used and exemplified."""

from __future__ import annotations

import ast
import re

from domain.commands import ALLOWED
from domain.refusals import CODES
from domain.topics import EVENT_CLASSES
from tests.architecture.source import BELOW_OPS, ROOT, Source, calls, sources, told
from tests.golden.files import FOLDER

ADR = (ROOT / "ops/docs/adr/0001-shape-of-the-house.md").read_text()
EVENTS_TABLE = ADR[ADR.index("### 1.3") : ADR.index("### 1.4")]


def test_every_topic_has_a_golden_file() -> None:
    stored = {path.name.rpartition(".v")[0] for path in FOLDER.iterdir()}
    missing = sorted({kind.TOPIC for kind in EVENT_CLASSES} - stored)
    assert not missing, told(missing, "Add an Example in tests/golden/examples.py, then: python -m tests.golden.add")


def test_every_topic_is_documented_with_its_data() -> None:
    documented = dict(re.findall(r"^\| ([a-z]+\.[a-z_]+)(?: ⛓)? \| ([^|]*) \|", EVENTS_TABLE, flags=re.MULTILINE))
    missing = sorted({kind.TOPIC for kind in EVENT_CLASSES} - set(documented))
    assert not missing, told(missing, "Give the topic a row in the table of ADR 0001, section 1.3.")
    wrong = [f"{topic}: there is no such topic" for topic in sorted(documented) if topic not in _topics()]
    for kind in EVENT_CLASSES:
        fields = re.findall(r"[a-z_0-9]+", re.sub(r"\([^)]*\)", "", documented[kind.TOPIC]))
        own = [field for field in kind.__struct_fields__ if field not in DERIVED]
        wrong += [f"{kind.TOPIC}: {field} is not documented" for field in own if field not in fields]
        wrong += [f"{kind.TOPIC}: there is no {field}" for field in fields if field not in kind.__struct_fields__]
    assert not wrong, told(wrong, "Make the row of ADR 0001, section 1.3, say what the event carries.")


# What repeats the stream's own id, or who made the entry: said once for all events in the ADR.
DERIVED = {"owner", "submitter", "requester", "campaign_id", "investment_id", "investor_id"}


def _topics() -> set[str]:
    return {kind.TOPIC for kind in EVENT_CLASSES}


def test_every_command_is_documented_with_the_event_it_makes() -> None:
    missing = sorted(kind.__name__ for kind in ALLOWED if not re.search(rf"\b{kind.__name__}\b", ADR))
    assert not missing, told(missing, "Name the command in the table of ADR 0001, section 1.3.")


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
                wrong.append(f"{source.at(call)}: {code.value} is not in the registry")
    assert not wrong, told(wrong, "Add the code to domain/refusals.py with its status, its text and its cure.")


def test_every_refusal_of_the_registry_is_raised_somewhere() -> None:
    raised = {
        code.value for source in sources(*BELOW_OPS) for _, code in _refusals(source) if isinstance(code, ast.Constant)
    }
    unused = sorted(set(CODES) - raised)
    assert not unused, told(unused, "Delete the code from domain/refusals.py: nothing answers with it.")


def test_the_registry_is_kept_in_order() -> None:
    assert list(CODES) == sorted(CODES), "sort the rows of domain/refusals.py: people look codes up"
