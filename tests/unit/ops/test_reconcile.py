"""Journal against chain on planted faults: each is named exactly, with both sides, and nothing else is."""

from __future__ import annotations

from uuid import uuid4

from abis import calls, campaign_address, to_bytes32
from abis.hashing import keccak
from domain import commands as c
from ops.reconcile import Reconciliation
from tests.support.world import STRANGER, World, call_of, only


def kinds(result: Reconciliation) -> list[tuple[str, str, str]]:
    return [(d.kind, d.id if d.subject != "log" else "log", d.what) for d in result.differences]


def test_a_finished_circle_agrees_in_all_three(world: World) -> None:
    world.finish()

    result = world.reconcile()

    assert (result.differences, result.pending) == ([], [])
    assert result.ok
    assert result.checked["postings"] == 2 + 2 + 3 + 2 + 2 + 1 + 1 + 2 + 2
    assert result.checked["certificates on the chain"] == 2
    assert result.journal_position == world.reader.head()


def test_an_obligation_that_no_block_holds_yet_is_pending(world: World) -> None:
    world.register(world.succeeding)

    result = world.reconcile()

    assert result.ok
    (waiting,) = result.pending
    assert waiting.what == "IssuerRegistered of IssuerRegistry awaits a block"
    assert waiting.positions == (world.entry(world.succeeding.company_id, "company.kyb_approved").position,)


def test_a_log_that_the_indexer_has_not_reached_is_pending(world: World) -> None:
    world.register(world.succeeding)
    world.post()

    result = world.reconcile()

    assert result.ok
    assert [waiting.what for waiting in result.pending] == [
        "IssuerRegistered of IssuerRegistry awaits its confirmation"
    ]


def test_a_repeated_posting_changes_nothing(world: World) -> None:
    world.register(world.succeeding)
    world.go_on()
    entry = world.entry(world.succeeding.company_id, "company.kyb_approved")
    data = call_of(entry)
    assert data is not None
    world.chain.send(world.contract_of(entry), data)

    result = world.reconcile()

    assert result.ok
    assert result.checked["logs that repeat"] == 1


def test_a_log_of_another_key_is_foreign_and_so_is_the_role_that_allowed_it(world: World) -> None:
    world.open_both()
    world.grant_stranger("IssuerRegistry", "REGISTRAR_ROLE")
    stranger = uuid4()
    data = calls.register(company_id=stranger, wallet="0x" + "11" * 20, documents_hash=bytes(32), entry=b"\x07" * 32)
    world.chain.send(world.chain.generation.addresses["IssuerRegistry"], data, key=STRANGER)

    result = world.reconcile()

    assert kinds(result) == [
        ("chain-foreign", "log", "RoleGranted of IssuerRegistry"),
        ("chain-foreign", "log", "IssuerRegistered of IssuerRegistry"),
    ]
    assert to_bytes32(stranger).hex() in (result.differences[1].chain or "")
    assert result.differences[1].positions == ()


def test_an_investment_recorded_by_another_key_is_foreign_and_makes_the_sum_differ(world: World) -> None:
    world.open_both()
    world.grant_stranger("CampaignFactory", "OPERATOR_ROLE")
    member = calls.InvestmentMember(uuid4(), "0x" + "11" * 20, 5_000, 5, b"\x07" * 32)
    clone = campaign_address(world.chain.generation, world.succeeding.campaign_id)
    world.chain.send(clone, calls.record_investments([member]), key=STRANGER)

    result = world.reconcile()

    campaign = str(world.succeeding.campaign_id)
    assert kinds(result) == [
        ("chain-foreign", "log", "RoleGranted of CampaignFactory"),
        ("chain-foreign", "log", "InvestmentRecorded of a campaign's contract"),
        ("chain-differs", campaign, "raised"),
    ]
    assert (result.differences[2].journal, result.differences[2].chain) == ("0", "5000")


def test_a_certificate_of_other_shares_than_were_allotted_is_named_from_every_side(world: World) -> None:
    world.close_both()
    commitment = world.succeeding.commitments[0]
    investment = str(commitment.investment_id)
    allotted = world.entry(commitment.investment_id, "investment.allotted")
    world.grant_stranger("NFTShareCertificate", "REGISTRAR_ROLE")
    of = world.succeeding.campaign_id, commitment.investor.wallet
    member = calls.CertificateMember(commitment.investment_id, *of, 1, b"\xcd" * 24, allotted.leaf)
    contract = world.chain.generation.addresses["NFTShareCertificate"]
    world.chain.send(contract, calls.issue_certificates([member]), key=STRANGER)

    world.post()
    result = world.reconcile()

    assert kinds(result) == [
        ("chain-foreign", "log", "RoleGranted of NFTShareCertificate"),
        ("chain-differs", "log", "CertificateIssued of NFTShareCertificate"),
        ("chain-conflict", "log", "Conflict of NFTShareCertificate"),
        ("chain-conflict", investment, "CertificateIssued of NFTShareCertificate"),
        ("chain-differs", investment, "certificate owner"),
        ("chain-differs", investment, "certificate shares"),
        ("chain-differs", investment, "certificate document"),
    ]
    assert all(allotted.position in d.positions for d in result.differences[1:])
    assert [difference.chain for difference in result.differences[5:]] == ["1", "cd" * 24]


def test_confirmations_whose_block_is_gone_are_each_named(world: World) -> None:
    snapshot = world.chain.rpc.call("evm_snapshot")
    world.register(world.succeeding)
    world.go_on()
    world.chain.rpc.call("evm_revert", snapshot)
    world.chain.mine(5)

    result = world.reconcile()

    company = world.succeeding.company_id
    approved = world.entry(company, "company.kyb_approved").position
    confirmed = world.entry(company, "company.registration_confirmed").position
    assert kinds(result) == [
        ("confirmation-without-log", str(company), "IssuerRegistered of IssuerRegistry"),
        ("chain-differs", str(company), "IssuerRegistered of IssuerRegistry"),
        ("chain-differs", str(company), "wallet"),
        ("chain-differs", str(company), "active"),
    ]
    assert result.differences[0].positions == (approved, confirmed)
    assert result.differences[2].chain is None


def test_a_log_that_the_indexer_has_passed_without_confirming_it_is_a_difference(world: World) -> None:
    world.register(world.succeeding)
    world.index()
    world.post()
    world.execute("UPDATE indexer.checkpoint SET block_number = block_number + 1")

    difference = only(world.reconcile())

    assert (difference.kind, difference.id) == ("log-without-confirmation", str(world.succeeding.company_id))
    assert difference.positions == (world.entry(world.succeeding.company_id, "company.kyb_approved").position,)


def test_a_posting_that_the_chain_refused_is_a_difference(world: World) -> None:
    world.register(world.succeeding)
    company = world.succeeding.company_id
    position = world.entry(company, "company.kyb_approved").position
    world.give("writer", c.RejectPosting(stream=company, entry_position=position, code="WalletMissing", reason="none"))

    difference = only(world.reconcile())

    assert (difference.kind, difference.id) == ("posting-rejected", str(company))
    assert difference.journal == "rejected: WalletMissing (none)"
    assert difference.positions == (position, position + 1)


def test_a_signer_without_its_role_is_named(world: World) -> None:
    role, address = keccak(b"TREASURY_ROLE"), world.chain.generation.addresses["FundEscrow"]
    signer = bytes.fromhex(world.chain.signer[2:]).rjust(32, b"\0")
    data = calls.selector("revokeRole(bytes32,address)") + role + signer
    world.chain.send(address, data, key=world.chain.deployer_key)

    result = world.reconcile()

    assert [(d.kind, d.what) for d in result.differences] == [
        ("contract-differs", f"FundEscrow: {world.chain.signer} lacks TREASURY_ROLE"),
        ("chain-foreign", "RoleRevoked of FundEscrow"),
    ]
