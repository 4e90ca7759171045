"""Where an effect stands: each state of book and writer together, and the states that a story passes through."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from abis import Generation
from api.operations import Operation, operation_of_entry, operation_of_posting
from chain_indexer.questions import Standing
from chain_writer.follower import Follower
from chain_writer.questions import Attempt
from chain_writer.questions import Story as Told
from chain_writer.store import WriterStore
from domain import commands as c
from domain.journal import JournalReader
from domain.topics import codec
from projections.rows import Posting
from tests.support.roles import as_room
from tests.unit.api.house import ApiHouse, done, fact, refused
from tests.unit.api.steps import Story

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
STREAM = UUID("0e1f7a52-6c5b-5f0e-9d6a-5b0c6a1f4d21")
FIRST, SECOND = "0x" + "1" * 64, "0x" + "2" * 64
WAITING = Posting(
    position=7,
    stream=STREAM,
    subject=STREAM,
    topic="company.kyb_approved",
    call="IssuerRegistry.register",
    obliged_at=NOON,
    correlation_id=STREAM,
)
CONFIRMED = msgspec.structs.replace(
    WAITING, state="confirmed", confirmation_position=9, tx_hash=SECOND, block_number=5, block_hash="0xb", log_index=0
)
REJECTED = msgspec.structs.replace(
    WAITING, state="rejected", rejection_position=9, rejection_code="Conflict", rejection_reason="another wallet"
)
QUEUED = Told(
    intent=STREAM,
    kind="register",
    target="0xc",
    lane="lane-0",
    state="queued",
    code=None,
    reason=None,
    releases=0,
    held_until_block=None,
    nonce=None,
    outcome=None,
    slot_state=None,
    block_number=None,
    block_hash=None,
    tx_hash=None,
    reported_position=None,
    submissions=(),
)


def _attempt(number: int, tx_hash: str, *, sends: int = 1) -> Attempt:
    return Attempt(
        number=number,
        purpose="effect",
        hash=tx_hash,
        gas_limit=100_000,
        gas_price_wei=10**18,
        sends=sends,
        sent_block=3 if sends else None,
        reply="accepted",
        reply_text="as new",
    )


def _bound(slot_state: str, *attempts: Attempt, **more: Any) -> Told:
    return msgspec.structs.replace(QUEUED, state="bound", nonce=4, slot_state=slot_state, submissions=attempts, **more)


def _operation(posting: Posting | None, story: Told | None = None, standing: Standing | None = None) -> Operation:
    return operation_of_entry(
        position=7,
        topic="company.kyb_approved",
        stream=STREAM,
        posting=posting,
        story=story,
        standing=standing,
    )


@pytest.mark.parametrize(
    ("posting", "story", "state"),
    [
        (None, None, "none"),
        (WAITING, None, "waiting"),
        (WAITING, QUEUED, "queued"),
        (WAITING, _bound("live"), "queued"),
        (WAITING, _bound("live", _attempt(1, FIRST, sends=0)), "queued"),
        (WAITING, _bound("live", _attempt(1, FIRST)), "submitted"),
        (WAITING, _bound("mined", _attempt(1, FIRST)), "mined"),
        (WAITING, _bound("final", _attempt(1, FIRST)), "mined"),
        (WAITING, msgspec.structs.replace(QUEUED, state="landed", slot_state="final"), "mined"),
        (WAITING, msgspec.structs.replace(QUEUED, state="rejected", code="c", reason="r"), "rejected"),
        (CONFIRMED, None, "confirmed"),
        (CONFIRMED, QUEUED, "confirmed"),
        (REJECTED, QUEUED, "rejected"),
    ],
)
def test_the_state_is_the_journals_word_and_before_that_the_writers(
    posting: Posting | None, story: Told | None, state: str
) -> None:
    assert _operation(posting, story).state == state


def test_a_replaced_transaction_shows_every_attempt_and_the_newest_hash() -> None:
    operation = _operation(WAITING, _bound("live", _attempt(1, FIRST), _attempt(2, SECOND)))
    assert (operation.tx_hash, operation.lane, operation.nonce) == (SECOND, "lane-0", 4)
    assert [(s.number, s.tx_hash, s.gas_limit, s.gas_price_wei) for s in operation.submissions] == [
        (1, FIRST, 100_000, "1000000000000000000"),
        (2, SECOND, 100_000, "1000000000000000000"),
    ]
    assert [(s.reply, s.reply_text) for s in operation.submissions] == [("accepted", "as new")] * 2


def test_the_block_is_that_of_the_writer_until_the_journal_names_one() -> None:
    seen = _bound("mined", _attempt(1, FIRST), tx_hash=FIRST, block_number=6, block_hash="0xa")
    assert (_operation(WAITING, seen).block_number, _operation(WAITING, seen).block_hash) == (6, "0xa")
    assert (_operation(CONFIRMED, seen).block_number, _operation(CONFIRMED, seen).block_hash) == (5, "0xb")


def test_the_transaction_that_was_mined_is_named_whichever_was_sent_last() -> None:
    story = _bound("mined", _attempt(1, FIRST), _attempt(2, SECOND), tx_hash=FIRST, block_number=6)
    operation = _operation(WAITING, story)
    assert (operation.tx_hash, operation.block_number) == (FIRST, 6)


def test_what_holds_a_queued_effect_back_is_told() -> None:
    held = msgspec.structs.replace(QUEUED, code="reverted", reason="the company is not registered yet")
    assert _operation(WAITING, held).held_because == "the company is not registered yet"
    assert _operation(WAITING, held).rejection is None


def test_a_confirmed_effect_names_its_confirmation_and_the_confirmed_transaction() -> None:
    operation = _operation(CONFIRMED, _bound("final", _attempt(1, FIRST), tx_hash=FIRST))
    assert (operation.confirmation_position, operation.tx_hash, operation.block_number) == (9, SECOND, 5)


def test_a_rejected_effect_says_why() -> None:
    for operation in (_operation(REJECTED), operation_of_posting(REJECTED)):
        assert operation.rejection is not None
        assert (operation.rejection.code, operation.rejection.reason) == ("Conflict", "another wallet")


# Over HTTP, on what the rooms really store.


def _ask(house: ApiHouse, position: int) -> dict[str, Any]:
    response = house.get("auditor", f"/v1/operations/{position}")
    assert response.status_code == 200, response.text
    operation: dict[str, Any] = response.json()
    return operation


def _approved(house: ApiHouse) -> tuple[Story, int]:
    story = Story(house).register().attach().submit_kyb()
    company = f"/v1/companies/{story.company}"
    done(house.post("compliance", f"{company}/documents/{story.document}:approve"))
    return story, done(house.post("compliance", f"{company}:approve-kyb", story.kyb_approval()))["position"]


def test_an_effect_is_followed_from_its_entry_to_its_confirmation(house: ApiHouse, generation: Generation) -> None:
    story, position = _approved(house)
    refused(house.get("auditor", f"/v1/operations/{position}"), 503, "book-behind")
    house.project()
    assert _ask(house, position)["state"] == "waiting"
    assert _ask(house, position)["obliges"] == "IssuerRegistry.register"
    assert _ask(house, 1)["state"] == "none"

    reader = JournalReader(as_room(house.database, "writer"), codec=codec())
    store = WriterStore(as_room(house.database, "writer"))
    Follower(reader, store, generation, ["lane-0"]).step()
    reader.close()
    store.close()
    assert _ask(house, position)["state"] == "queued"
    assert house.figure('tandem_writer_queued{lane="lane-0",signer=""}') == 1

    confirmation = c.ConfirmCompanyRegistration(company_id=UUID(story.company), on_chain=fact(position))
    confirmed = house.machine("indexer", confirmation)
    house.project()
    operation = _ask(house, position)
    assert (operation["state"], operation["confirmation_position"]) == ("confirmed", confirmed.position)
    assert operation["tx_hash"] == fact(position).tx_hash


def test_a_rejected_effect_is_listed_with_the_stream_that_it_is_of(house: ApiHouse) -> None:
    story, position = _approved(house)
    rejection = c.RejectPosting(
        stream=UUID(story.company), entry_position=position, code="Conflict", reason="another wallet"
    )
    house.machine("writer", rejection)
    house.project()
    (listed,) = house.get("issuer", "/v1/operations", stream=story.company).json()["items"]
    assert (listed["position"], listed["state"]) == (position, "rejected")
    assert listed["rejection"] == {"code": "Conflict", "reason": "another wallet"}
    assert house.get("auditor", "/v1/operations", state="waiting").json()["items"] == []


def test_a_position_beyond_the_journal_has_no_operation(house: ApiHouse) -> None:
    refused(house.get("auditor", "/v1/operations/1"), 404, "not-found")
