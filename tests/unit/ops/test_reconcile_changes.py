"""Journal against chain where things change after the first round: money withdrawn, certificates changed and moved."""

from __future__ import annotations

from abis import calls
from domain import commands as c
from ops.demo.plan import Commitment
from tests.support.wallets import wallet_of
from tests.support.world import STRANGER, World, only
from tests.unit.ops.test_reconcile import kinds

HEIR, BUYER = wallet_of("heir"), wallet_of("buyer")


def certified(world: World) -> Commitment:
    """A finished circle, and a commitment of it that has its certificate."""
    world.finish()
    return world.succeeding.commitments[0]


def test_a_refund_before_the_closing_leaves_all_three_in_agreement(world: World) -> None:
    world.open_both()
    leaving, staying = world.succeeding.commitments
    for commitment in (leaving, staying):
        world.invest(world.succeeding, commitment)
    world.go_on()
    world.give("investor", c.CancelInvestment(investment_id=leaving.investment_id, reason="changed my mind"))

    assert [waiting.what for waiting in world.reconcile().pending] == ["RefundRecorded of FundEscrow awaits a block"]
    world.go_on()
    result = world.reconcile()

    assert (result.differences, result.pending) == ([], [])
    state, _ = world.ledger.load(world.succeeding.campaign_id) or (None, 0)
    assert (state.raised, state.unwinding) == (staying.amount, 0)


def test_a_certificate_that_was_revoked_and_reissued_agrees_at_every_step(world: World) -> None:
    commitment = certified(world)
    for kind, wallet in (("revoke", None), ("reissue", HEIR), ("reissue", BUYER)):
        world.change_certificate(commitment, kind=kind, wallet=wallet)
        assert [len(side) for side in (world.reconcile().differences, world.reconcile().pending)] == [0, 1]
        world.go_on()
        result = world.reconcile()
        assert (result.differences, result.pending) == ([], []), kind


def test_a_holder_s_transfer_is_explained_by_its_approval_pending_at_first(world: World) -> None:
    commitment = certified(world)
    world.change_certificate(commitment, kind="transfer", wallet=BUYER)
    world.go_on()
    assert world.reconcile().ok

    world.transfer(commitment, key=commitment.investor.key, to=BUYER)
    result = world.reconcile()
    assert result.ok
    assert [waiting.what for waiting in result.pending] == ["the holder's transfer awaits its confirmation"]
    world.index()

    result = world.reconcile()
    assert (result.differences, result.pending) == ([], [])
    world.change_certificate(commitment, kind="reissue", wallet=HEIR)
    world.go_on()
    assert world.reconcile().ok


def test_a_transfer_that_the_indexer_has_passed_without_recording_it_is_a_difference(world: World) -> None:
    commitment = certified(world)
    world.change_certificate(commitment, kind="transfer", wallet=BUYER)
    world.go_on()
    world.transfer(commitment, key=commitment.investor.key, to=BUYER)
    world.execute("UPDATE indexer.checkpoint SET block_number = block_number + 1")

    difference = only(world.reconcile())

    approved = world.entry(commitment.investment_id, "investment.transfer_approved")
    assert (difference.kind, difference.positions) == ("log-without-confirmation", (approved.position,))


def test_a_transfer_whose_block_is_gone_is_named_and_so_is_the_holder(world: World) -> None:
    commitment = certified(world)
    world.change_certificate(commitment, kind="transfer", wallet=BUYER)
    world.go_on()
    snapshot = world.chain.rpc.call("evm_snapshot")
    world.transfer(commitment, key=commitment.investor.key, to=BUYER)
    world.index()
    world.chain.rpc.call("evm_revert", snapshot)
    world.chain.mine(5)

    result = world.reconcile()

    investment = str(commitment.investment_id)
    assert kinds(result) == [
        ("confirmation-without-log", investment, "TransferApproved of NFTShareCertificate"),
        ("chain-differs", investment, "certificate owner"),
    ]
    assert (result.differences[1].journal, result.differences[1].chain) == (BUYER, commitment.investor.wallet)


def test_a_certificate_taken_by_another_key_is_foreign_and_its_holder_differs(world: World) -> None:
    commitment = certified(world)
    world.grant_stranger("NFTShareCertificate", "REGISTRAR_ROLE")
    data = calls.reissue_certificate(
        change_id=commitment.investment_id,
        investment_id=commitment.investment_id,
        holder=HEIR,
        evidence=b"\xee" * 32,
        entry=b"\x07" * 32,
    )
    world.chain.send(world.chain.generation.addresses["NFTShareCertificate"], data, key=STRANGER)

    result = world.reconcile()

    investment = str(commitment.investment_id)
    assert kinds(result) == [
        ("chain-foreign", "log", "RoleGranted of NFTShareCertificate"),
        ("chain-foreign", "log", "CertificateReissued of NFTShareCertificate"),
        ("chain-differs", investment, "certificate owner"),
    ]
    assert (result.differences[2].journal, result.differences[2].chain) == (commitment.investor.wallet, HEIR)
