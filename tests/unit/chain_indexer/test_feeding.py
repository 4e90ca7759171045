"""What the journal answers to a log, and every log that it does not explain, kept with its reason."""

from __future__ import annotations

import msgspec

from abis.calls import selector
from abis.hashing import keccak
from chain_indexer.blocks import Foreign, Header, Reason
from chain_indexer.logs import COLUMNS, PlacedLog, placed
from tests.unit.chain_indexer.parts import HOLDER, World, caught_up, named


def _foreign(world: World) -> list[tuple[str, str | None]]:
    rows = world.rows(
        "SELECT f.reason, l.kind FROM indexer.foreign_logs f"
        " JOIN indexer.logs l USING (block_number, tx_index, log_index) ORDER BY f.id"
    )
    return [(str(reason), kind) for reason, kind in rows]


def test_roles_granted_after_the_deployment_and_pauses_are_kept_as_foreign(world: World) -> None:
    indexer = world.indexer()
    caught_up(indexer)
    assert _foreign(world) == []
    assert world.rows("SELECT DISTINCT kind, verdict FROM indexer.logs") == [("RoleGranted", "noted")]
    stranger = selector("grantRole(bytes32,address)") + keccak(b"OPERATOR_ROLE") + bytes(12) + b"\xab" * 20
    world.send("CampaignFactory", stranger, key=world.chain.deployer_key)
    world.send("CampaignFactory", selector("pause()"), key=world.chain.deployer_key)
    caught_up(indexer)
    assert _foreign(world) == [("not-a-confirmation", "RoleGranted"), ("not-a-confirmation", "Paused")]


def test_a_log_of_unknown_signature_is_kept_raw(world: World) -> None:
    indexer = world.indexer()
    caught_up(indexer)
    known = len(_foreign(world))
    data = selector("beginDefaultAdminTransfer(address)") + bytes(12) + bytes.fromhex("ab" * 20)
    receipt = world.send("FundEscrow", data, key=world.chain.deployer_key)
    caught_up(indexer)
    (log,) = receipt["logs"]
    assert _foreign(world)[known:] == [("unknown-signature", None)]
    (kept,) = world.rows("SELECT topics, data FROM indexer.logs WHERE kind IS NULL")
    assert [kept[0].hex(), "0x" + kept[1].hex()] == ["".join(topic[2:] for topic in log["topics"]), log["data"]]


def test_what_the_journal_does_not_explain_is_kept_with_its_reason(world: World) -> None:
    indexer = world.indexer()
    caught_up(indexer)
    known = len(_foreign(world))
    first, other = world.kyb_approved("first"), world.kyb_approved("other")
    unknown = msgspec.structs.replace(first, stream=named("nobody"), leaf=b"\x01" * 32)
    world.post_registration(unknown)
    world.post_registration(msgspec.structs.replace(first, leaf=other.leaf))
    world.post_registration(other, wallet=HOLDER)
    world.post_registration(other)
    caught_up(indexer)
    assert _foreign(world)[known:] == [
        ("entry-unknown", "IssuerRegistered"),
        ("entry-of-another-stream", "IssuerRegistered"),
        ("content-differs", "IssuerRegistered"),
        ("conflict", "Conflict"),
    ]
    details = world.rows("SELECT detail, entry_position FROM indexer.foreign_logs ORDER BY id DESC LIMIT 2")
    assert [position for _, position in details] == [other.position, other.position]
    assert "wallet" in details[1][0]
    assert world.journal.entries("company.registration_confirmed") == []


def test_a_confirmation_that_the_domain_refuses_is_kept_with_its_words(world: World) -> None:
    indexer = world.indexer()
    world.post_registration(world.kyb_approved())
    caught_up(indexer)
    world.post_campaign(world.campaign_approved("a"))
    caught_up(indexer)
    funded = world.investment_funded("i", campaign="a")
    world.post_investments(funded)
    caught_up(indexer)
    world.post_closing(world.campaign_closed("a"))
    caught_up(indexer)
    allotted = world.shares_allotted("i")
    world.post_certificate(allotted)
    caught_up(indexer)
    # True in every word, but this investment has its certificate by another log.
    refused = _judged_again(world, "CertificateIssued", tx_hash="0x" + "dd" * 32)
    assert (refused.reason, refused.entry_position) == (Reason.REFUSED, allotted.position)
    assert refused.detail.startswith("confirmed-otherwise: ")


def _judged_again(world: World, kind: str, *, tx_hash: str) -> Foreign:
    """The verdict on a stored log, had it come at another place."""
    indexer = world.indexer()
    (row,) = world.rows(f"SELECT {COLUMNS} FROM indexer.logs WHERE kind = '{kind}'")
    stored = placed(row)
    at = msgspec.structs.replace(stored.at, block_hash="0x" + "cc" * 32, tx_hash=tx_hash)
    block = Header(number=at.block_number, hash=at.block_hash, parent_hash=at.block_hash, timestamp_s=0)
    (verdict,) = indexer._feeder.feed([PlacedLog(at, stored.raw)], {at.block_number: block})
    assert isinstance(verdict, Foreign)
    return verdict


def test_the_same_write_again_is_noted_and_confirms_nothing_twice(world: World) -> None:
    indexer = world.indexer()
    entry = world.kyb_approved()
    world.post_registration(entry)
    world.post_registration(entry)
    caught_up(indexer)
    assert world.rows("SELECT verdict FROM indexer.logs WHERE kind = 'AlreadyRecorded'") == [("noted",)]
    assert len(world.journal.entries("company.registration_confirmed")) == 1
