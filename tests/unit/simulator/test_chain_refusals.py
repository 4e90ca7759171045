"""Every call of the model passes once, and every refusal that it knows is heard once, as from the contracts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest

from abis import calls, campaign_address, token_id
from abis.calls import CertificateMember, InvestmentMember, RefundMember, selector
from tests.simulator import chain as model
from tests.simulator.chain.running import ADMIN_ROLE, ESCROW_ROLE, OPERATOR_ROLE, word
from tests.support.chain import ChainAtHand
from tests.unit.simulator.chains_at_hand import IDS, entry
from tests.unit.simulator.twins import Twins

REGISTRY, FACTORY, CERTIFICATE, ESCROW = "IssuerRegistry", "CampaignFactory", "NFTShareCertificate", "FundEscrow"
NOBODY = "0x" + "00" * 20
DAY_S = 86_400
GRANT, REVOKE = selector("grantRole(bytes32,address)"), selector("revokeRole(bytes32,address)")
TRANSFER = selector("transferFrom(address,address,uint256)")


def named(text: str) -> UUID:
    return uuid5(IDS, text)


class Story:
    """Short words for calls of both. What was said is kept in `heard`."""

    def __init__(self, twins: Twins) -> None:
        self.twins = twins
        self.heard: set[str] = set()
        self.ann, self.bob = twins.address("ann"), twins.address("bob")

    def says(self, to: str, data: bytes, *, by: str = "writer") -> list[str]:
        places = self.twins.generation.addresses
        address = places[to] if to in places else campaign_address(self.twins.generation, named(to))
        said = self.twins.call(address, data, by=by)
        self.heard.update(said)
        return said

    def register(self, company: str, *, wallet: str | None = None, leaf: bytes = entry(1)) -> list[str]:
        wallet = self.ann if wallet is None else wallet
        data = calls.register(company_id=named(company), wallet=wallet, documents_hash=b"\xd1" * 32, entry=leaf)
        return self.says(REGISTRY, data)

    def update(self, company: str, revision: int, *, wallet: str | None = None, leaf: bytes = entry(1)) -> list[str]:
        said: dict[str, Any] = {"company_id": named(company), "revision": revision, "documents_hash": b"\xd2" * 32}
        return self.says(REGISTRY, calls.update(wallet=self.bob if wallet is None else wallet, entry=leaf, **said))

    def activate(self, company: str, revision: int, *, active: bool) -> list[str]:
        said: dict[str, Any] = {"company_id": named(company), "revision": revision}
        return self.says(REGISTRY, calls.set_active(active=active, entry=entry(1), **said))

    def lock(self, company: str, revision: int, campaign: str, *, back: bool = False) -> list[str]:
        holder = named(campaign) if campaign else UUID(int=0)
        make = calls.unlock if back else calls.lock
        said: dict[str, Any] = {"company_id": named(company), "revision": revision, "campaign_id": holder}
        return self.says(REGISTRY, make(entry=entry(1), **said))

    def create(
        self, campaign: str, *, company: str = "company", cap: int = 120_000, days: int = 30, asset: int = calls.FIAT
    ) -> list[str]:
        data = calls.create_campaign(
            campaign_id=named(campaign),
            company_id=named(company),
            funding_goal=100_000,
            threshold=40_000,
            cap=cap,
            duration_s=days * DAY_S,
            asset=asset,
            terms_hash=b"\xd3" * 32,
            entry=entry(1),
        )
        return self.says(FACTORY, data)

    def record(self, campaign: str, *names: str, amount: int = 40_000) -> list[str]:
        rows = [InvestmentMember(named(name), self.ann, amount, 40, entry(1)) for name in names]
        return self.says(campaign, calls.record_investments(rows))

    def close(self, campaign: str, *, raised: int, successful: bool = True, by: str = "writer") -> list[str]:
        return self.says(campaign, calls.close(successful=successful, raised=raised, entry=entry(1)), by=by)

    def pause(self, campaign: str, revision: int) -> list[str]:
        return self.says(campaign, calls.set_paused(revision=revision, paused=True, entry=entry(1)))

    def defer(self, campaign: str, revision: int, *, days: int) -> list[str]:
        deadline_s = self.twins.now_s + days * DAY_S
        return self.says(campaign, calls.set_deadline(revision=revision, deadline_s=deadline_s, entry=entry(1)))

    def issue(self, campaign: str, *names: str, shares: int = 40) -> list[str]:
        said: Any = named(campaign), self.ann, shares, b"\xcd" * 24, entry(1)
        rows = [CertificateMember(named(name), *said) for name in names]
        return self.says(CERTIFICATE, calls.issue_certificates(rows))

    def change(self, verb: str, name: str, change: str, *, evidence: bytes = b"\xe1" * 32, **who: str) -> list[str]:
        make: Any = {
            "revoke": calls.revoke_certificate,
            "reissue": calls.reissue_certificate,
            "approve": calls.approve_transfer,
        }[verb]
        said: dict[str, Any] = {"change_id": named(change), "investment_id": named(name), "evidence": evidence}
        return self.says(CERTIFICATE, make(entry=entry(1), **said, **who))

    def transfer(self, name: str, *, of: str, to: str, by: str) -> list[str]:
        return self.says(CERTIFICATE, TRANSFER + word(of) + word(to) + word(token_id(named(name))), by=by)

    def release(self, campaign: str, name: str, *, amount: int, fee: int = 0) -> list[str]:
        said: dict[str, Any] = {"campaign_id": named(campaign), "release_id": named(name), "issuer": self.bob}
        return self.says(ESCROW, calls.record_release(amount=amount, fee=fee, entry=entry(1), **said))

    def refund(self, campaign: str, *names: str, amount: int = 40_000) -> list[str]:
        rows = [RefundMember(named(campaign), named(name), self.ann, amount, entry(1)) for name in names]
        return self.says(ESCROW, calls.record_refunds(rows))


@pytest.fixture
def story(deployed: ChainAtHand) -> Iterator[Story]:
    twins = Twins(deployed)
    yield Story(twins)
    twins.close()


def test_each_call_passes_and_each_refusal_is_heard_as_from_the_contracts(story: Story) -> None:
    _of_companies(story)
    _of_campaigns(story)
    _of_a_success(story)
    _of_a_failure(story)
    _of_roles(story)
    story.create("old", days=1)
    story.record("old", "early")
    story.twins.mine(after_s=40 * DAY_S)
    assert story.record("old", "late") == ["RecordingOver"]

    sources = "".join(path.read_text() for path in sorted(Path(model.__path__[0]).glob("*.py")))
    known = set(re.findall(r'Reverted\(\s*"(\w+)"', sources)) - {"Panic"}
    assert known - story.heard == set()
    assert set(re.findall(r"\bl\.([A-Z]\w+),", sources)) - story.heard == set()


def _of_companies(story: Story) -> None:
    assert story.register("company") == ["IssuerRegistered"]
    assert story.register("company") == ["AlreadyRecorded"]
    assert story.register("company", wallet=story.bob) == ["Conflict"]
    assert story.register("other", wallet=NOBODY) == ["WalletMissing"]
    assert story.register("other", leaf=entry(0)) == ["EntryMissing"]
    assert story.update("other", 2) == ["IssuerUnknown"]
    assert story.update("company", 2, wallet=NOBODY) == ["WalletMissing"]
    assert story.update("company", 4) == ["IssuerUpdated"]
    assert story.update("company", 4) == ["AlreadyRecorded"]
    assert story.update("company", 3) == ["Conflict"]
    assert story.update("company", 3, leaf=entry(0)) == ["EntryMissing"]
    assert story.activate("unheard of", 0, active=False) == ["Conflict"]
    assert story.activate("unheard of", 2, active=False) == ["IssuerActiveSet"]
    assert story.activate("company", 5, active=False) == ["IssuerActiveSet"]
    assert story.create("campaign") == ["IssuerInactive"]
    assert story.activate("company", 6, active=True) == ["IssuerActiveSet"]
    assert story.lock("company", 7, "") == ["CampaignMissing"]
    assert story.lock("company", 7, "campaign", back=True) == ["ExclusivityHeld"]
    assert story.lock("company", 7, "campaign") == ["ExclusivityLocked"]
    assert story.lock("company", 8, "campaign") == ["ExclusivityLocked"]
    assert story.lock("company", 9, "other") == ["ExclusivityHeld"]
    assert story.lock("company", 10, "campaign", back=True) == ["ExclusivityReleased"]


def _of_campaigns(story: Story) -> None:
    assert story.create("campaign", company="nobody") == ["IssuerUnknown"]
    assert story.create("campaign", cap=99_999) == ["TermsInvalid"]
    assert story.create("campaign", days=366) == ["TermsInvalid"]
    assert story.create("campaign", asset=2) == ["AssetUnknown"]
    assert story.create("campaign") == ["CampaignCreated"]
    assert story.create("campaign") == ["AlreadyRecorded"]
    assert story.create("campaign", days=31) == ["Conflict"]
    assert story.record("campaign") == ["BatchSizeInvalid"]
    assert story.record("campaign", "one", amount=0) == ["InvestmentInvalid"]
    assert story.record("campaign", "one", amount=1 << 128) == ["InvestmentInvalid"]
    assert story.record("campaign", "one", "one", "two") == [
        "InvestmentRecorded",
        "AlreadyRecorded",
        "InvestmentRecorded",
    ]
    assert story.record("campaign", "one", amount=1) == ["Conflict"]
    assert story.record("campaign", "three", amount=40_001) == ["CapExceeded"]
    assert story.record("nowhere", "one") == []  # without code a call succeeds
    assert story.pause("campaign", 3) == ["PausedSet"]
    assert story.defer("campaign", 4, days=1) == ["DeadlineInvalid"]
    assert story.defer("campaign", 4, days=731) == ["DeadlineInvalid"]
    assert story.defer("campaign", 4, days=31) == ["DeadlineSet"]
    assert story.refund("nowhere", "one") == ["CampaignUnknown"]
    assert story.refund("campaign", "nobody's") == ["InvestmentUnknown"]
    assert story.refund("campaign", "one", amount=1) == ["AmountDiffers"]
    assert story.refund("campaign", "one", amount=0) == ["RefundInvalid"]
    assert story.refund("campaign", "one") == ["InvestmentWithdrawn", "RefundRecorded"]
    assert story.refund("campaign", "one") == ["AlreadyRecorded"]
    assert story.record("campaign", "three", "full") == ["InvestmentRecorded"] * 2  # up to the cap
    assert story.refund("campaign", "full") == ["InvestmentWithdrawn", "RefundRecorded"]
    assert story.release("campaign", "release", amount=1) == ["CampaignNotSuccessful"]
    assert story.issue("campaign", "two") == ["CampaignNotSuccessful"]


def _of_a_success(story: Story) -> None:
    assert story.close("campaign", raised=80_001) == ["RaisedMismatch"]
    assert story.close("campaign", raised=80_000) == ["CampaignClosed"]
    assert story.close("campaign", raised=80_000) == ["AlreadyRecorded"]
    assert story.record("campaign", "four") == story.pause("campaign", 9) == ["CampaignIsClosed"]
    assert story.defer("campaign", 9, days=40) == ["CampaignIsClosed"]
    assert story.refund("campaign", "two") == ["CampaignNotFailed"]
    assert story.release("campaign", "release", amount=0) == ["ReleaseInvalid"]
    assert story.release("campaign", "release", amount=79_000, fee=1_001) == ["RaisedExceeded"]
    assert story.release("campaign", "release", amount=(1 << 256) - 1, fee=1) == ["panic"]
    assert story.release("campaign", "release", amount=70_000, fee=1_000) == ["ReleaseRecorded"]
    assert story.release("campaign", "second", amount=9_001) == ["RaisedExceeded"]
    assert story.issue("campaign", "two", shares=0) == ["CertificateInvalid"]
    assert story.issue("campaign") == ["BatchSizeInvalid"]
    assert story.change("revoke", "two", "first") == ["CertificateNotHeld"]
    assert story.change("reissue", "two", "first", holder=story.ann) == ["CertificateNotIssued"]
    assert story.issue("campaign", "two", "three")[3:] == ["Transfer", "Locked", "CertificateIssued"]
    _of_certificates(story)


def _of_certificates(story: Story) -> None:
    ann, bob = story.ann, story.bob
    assert story.change("revoke", "two", "first", evidence=bytes(32)) == ["EvidenceMissing"]
    assert story.change("reissue", "two", "first", holder=NOBODY) == ["CertificateInvalid"]
    assert story.change("approve", "two", "first", to=NOBODY) == ["ReceiverInvalid"]
    assert story.change("approve", "two", "first", to=ann) == ["ReceiverInvalid"]
    assert story.transfer("two", of=ann, to=bob, by="ann") == ["CertificateLocked"]
    assert story.change("approve", "two", "first", to=bob) == ["Unlocked", "TransferApproved"]
    assert story.change("approve", "two", "again", to=bob) == ["TransferApproved"]
    assert story.transfer("two", of=ann, to=bob, by="bob") == ["ERC721InsufficientApproval"]
    assert story.transfer("two", of=ann, to=NOBODY, by="ann") == ["ERC721InvalidReceiver"]
    assert story.transfer("nobody's", of=ann, to=bob, by="ann") == ["ERC721NonexistentToken"]
    assert story.transfer("two", of=bob, to=bob, by="ann") == ["ERC721IncorrectOwner"]
    assert story.transfer("two", of=ann, to=bob, by="ann") == ["Transfer", "Locked", "CertificateTransferred"]
    assert story.change("revoke", "two", "second") == ["Transfer", "CertificateRevoked"]
    assert story.change("reissue", "two", "third", holder=ann) == ["Transfer", "Locked", "CertificateReissued"]
    assert story.change("approve", "two", "fourth", to=bob) == ["Unlocked", "TransferApproved"]
    assert story.change("reissue", "two", "fifth", holder=bob)[:2] == ["Transfer", "Transfer"]
    assert story.transfer("two", of=bob, to=ann, by="bob") == ["CertificateLocked"]
    assert story.change("revoke", "three", "second") == ["Conflict"]


def _of_a_failure(story: Story) -> None:
    story.create("failing")
    story.record("failing", "five", amount=30_000)
    story.record("failing", "six", amount=5_000)
    assert story.close("failing", raised=35_000) == ["ThresholdMissed"]
    assert story.close("failing", raised=35_000, successful=False, by="ann") == ["NotOperator"]
    assert story.close("failing", raised=35_000, successful=False) == ["CampaignClosed"]
    assert story.refund("failing", "five", amount=35_001) == ["RaisedExceeded"]
    assert story.refund("failing", "five", amount=30_000) == ["RefundRecorded"]
    assert story.refund("failing", "six", amount=5_001) == ["RaisedExceeded"]
    assert story.refund("failing", "six", amount=5_000) == ["RefundRecorded"]


def _of_roles(story: Story) -> None:
    escrow, writer = word(story.twins.place(ESCROW)), word(story.twins.address("writer"))
    assert story.says(FACTORY, GRANT + OPERATOR_ROLE + writer) == ["AccessControlUnauthorizedAccount"]
    assert story.says(FACTORY, GRANT + ADMIN_ROLE + writer, by="admin") == ["AccessControlEnforcedDefaultAdminRules"]
    assert story.says(FACTORY, GRANT + OPERATOR_ROLE + writer, by="admin") == []  # it has it
    assert story.says(FACTORY, REVOKE + ESCROW_ROLE + escrow, by="admin") == ["RoleRevoked"]
    story.create("open")
    story.record("open", "seven")
    assert story.refund("open", "seven") == ["NotEscrow"]
    assert story.says(FACTORY, GRANT + ESCROW_ROLE + escrow, by="admin") == ["RoleGranted"]
    assert story.refund("open", "seven") == ["InvestmentWithdrawn", "RefundRecorded"]
    assert story.says(FACTORY, selector("unpause()"), by="admin") == ["ExpectedPause"]
    assert story.says(FACTORY, selector("pause()"), by="admin") == ["Paused"]
    assert story.says(FACTORY, selector("pause()"), by="admin") == ["EnforcedPause"]
    assert story.create("paused") == ["EnforcedPause"]
    assert story.says(FACTORY, selector("unpause()"), by="admin") == ["Unpaused"]
