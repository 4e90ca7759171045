"""The model of the contracts against the contracts: any calls in any order, by anybody, are answered alike by both."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from abis import calls, campaign_address, revision_key, to_bytes32, token_id
from abis.calls import CertificateMember, InvestmentMember, RefundMember, selector
from tests.simulator.chain.running import ESCROW_ROLE, OPERATOR_ROLE, REGISTRAR_ROLE, TREASURY_ROLE, word
from tests.support.chain import ChainAtHand
from tests.unit.simulator.chains_at_hand import IDS, entry
from tests.unit.simulator.twins import Twins

REGISTRY, FACTORY, CERTIFICATE, ESCROW = "IssuerRegistry", "CampaignFactory", "NFTShareCertificate", "FundEscrow"
NOBODY = "0x" + "00" * 20
DAY_S = 86_400
BEGINNING = {
    "IssuerRegistered",
    "CampaignCreated",
    "InvestmentRecorded",
    "CampaignClosed",
    "Transfer",
    "Locked",
    "CertificateIssued",
}


def _ids(kind: str, count: int) -> list[UUID]:
    return [uuid5(IDS, f"{kind} {number}") for number in range(count)]


COMPANIES, CAMPAIGNS, INVESTMENTS = _ids("company", 2), _ids("campaign", 2), _ids("investment", 4)
CHANGES, RELEASES = _ids("change", 4), _ids("release", 3)

companies, investments = st.sampled_from(COMPANIES), st.sampled_from(INVESTMENTS)
campaigns = st.sampled_from([*CAMPAIGNS, CAMPAIGNS[0], CAMPAIGNS[0], CAMPAIGNS[0]])
changes, releases = st.sampled_from(CHANGES), st.sampled_from(RELEASES)
amounts = st.sampled_from([40_000, 40_000, 40_000, 60_000, 1, 0, 1 << 128, (1 << 256) - 1])
shares = st.sampled_from([40, 40, 40, 7, 0, (1 << 64) - 1, 1 << 64])
contents = st.sampled_from([b"\xcd" * 24] * 4 + [b"\xce" * 24, bytes(24)])
leaves = st.sampled_from([1, 1, 1, 2, 3, 0]).map(entry)  # 0: the entry is missing
hashes = st.sampled_from([b"\xd1" * 32, b"\xd1" * 32, b"\xd2" * 32, bytes(32)])
revisions = st.integers(0, 4)
people = st.sampled_from(["ann", "ann", "bob"])
callers = st.sampled_from(["writer"] * 12 + ["stranger"])


class ContractsMachine(RuleBasedStateMachine):
    """Each rule is one call of both."""

    def __init__(self, chain: ChainAtHand, heard: set[str]) -> None:
        super().__init__()
        self.twins = Twins(chain)
        self.changes = 0
        self.said: list[str] = []
        self.heard = heard

    def teardown(self) -> None:
        self.heard.update(self.said)
        places = [self.twins.place(name) for name in (REGISTRY, FACTORY, CERTIFICATE, ESCROW)]
        try:
            self.twins.compare_words([*places, *map(self._campaign, CAMPAIGNS)], _keys())
        finally:
            self.twins.close()

    def _campaign(self, campaign: UUID) -> str:
        return campaign_address(self.twins.generation, campaign)

    def _call(self, to: str, data: bytes, *, by: str = "writer") -> None:
        address = to if to.startswith("0x") else self.twins.place(to)
        self.said += self.twins.call(address, data, by=by)

    def _wallet(self, name: str) -> str:
        return NOBODY if name == "nobody" else self.twins.address(name)

    @initialize(stage=st.sampled_from(["open", "recorded", "failed", "successful", "successful"]))
    def begin(self, *, stage: str) -> None:
        """A company with a campaign, which has come some of its way."""
        self.register(company=COMPANIES[0], wallet="ann", documents=b"\xd1" * 32, leaf=entry(1), by="writer")
        self.create(
            campaign=CAMPAIGNS[0],
            company=COMPANIES[0],
            sums=(100_000, 40_000, 120_000),
            duration_s=30 * DAY_S,
            leaf=entry(1),
            by="writer",
        )
        if stage != "open":
            self.record_well(number=0, campaign=CAMPAIGNS[0], amount=40_000)
            self.record_well(number=1, campaign=CAMPAIGNS[0], amount=20_000)
        if stage in ("failed", "successful"):
            self.close_well(campaign=CAMPAIGNS[0], successful=stage == "successful")
        if stage == "successful":
            self.issue_well(number=0)
        assert all(kind in BEGINNING for kind in self.said)

    # The registry.

    @rule(
        company=companies, wallet=st.sampled_from(["ann", "bob", "nobody"]), documents=hashes, leaf=leaves, by=callers
    )
    def register(self, *, company: UUID, wallet: str, documents: bytes, leaf: bytes, by: str) -> None:
        data = calls.register(company_id=company, wallet=self._wallet(wallet), documents_hash=documents, entry=leaf)
        self._call(REGISTRY, data, by=by)

    @rule(company=companies, revision=revisions, wallet=people, documents=hashes, leaf=leaves, by=callers)
    def update(self, *, company: UUID, revision: int, wallet: str, documents: bytes, leaf: bytes, by: str) -> None:
        said: dict[str, Any] = {"company_id": company, "revision": revision, "documents_hash": documents}
        self._call(REGISTRY, calls.update(wallet=self._wallet(wallet), entry=leaf, **said), by=by)

    @rule(company=companies, revision=revisions, active=st.booleans(), leaf=leaves)
    def set_active(self, *, company: UUID, revision: int, active: bool, leaf: bytes) -> None:
        self._call(REGISTRY, calls.set_active(company_id=company, revision=revision, active=active, entry=leaf))

    @rule(
        company=companies,
        revision=revisions,
        campaign=st.sampled_from([*CAMPAIGNS, UUID(int=0)]),
        unlocks=st.booleans(),
        leaf=leaves,
        by=callers,
    )
    def lock(self, *, company: UUID, revision: int, campaign: UUID, unlocks: bool, leaf: bytes, by: str) -> None:
        make = calls.unlock if unlocks else calls.lock
        self._call(REGISTRY, make(company_id=company, revision=revision, campaign_id=campaign, entry=leaf), by=by)

    # The factory.

    @rule(
        campaign=campaigns,
        company=companies,
        sums=st.sampled_from([(100_000, 40_000, 120_000)] * 3 + [(0, 1, 1), (5, 0, 5), (5, 5, 4), (5, 9, 8)]),
        duration_s=st.sampled_from([30 * DAY_S, 30 * DAY_S, DAY_S, 0, 365 * DAY_S, 365 * DAY_S + 1]),
        leaf=leaves,
        by=callers,
    )
    def create(
        self, *, campaign: UUID, company: UUID, sums: tuple[int, int, int], duration_s: int, leaf: bytes, by: str
    ) -> None:
        goal, threshold, cap = sums
        data = calls.create_campaign(
            campaign_id=campaign,
            company_id=company,
            funding_goal=goal,
            threshold=threshold,
            cap=cap,
            duration_s=duration_s,
            asset=calls.FIAT,
            terms_hash=b"\xd2" * 32,
            entry=leaf,
        )
        self._call(FACTORY, data, by=by)

    @rule(resumes=st.booleans(), by=st.sampled_from(["admin", "admin", "writer"]))
    def pause_the_factory(self, *, resumes: bool, by: str) -> None:
        self._call(FACTORY, selector("unpause()" if resumes else "pause()"), by=by)

    @rule(
        place=st.sampled_from(
            [(REGISTRY, REGISTRAR_ROLE), (FACTORY, OPERATOR_ROLE), (ESCROW, TREASURY_ROLE), (FACTORY, ESCROW_ROLE)]
        ),
        account=st.sampled_from(["stranger", "stranger", "writer", "escrow"]),
        gives=st.sampled_from([True, True, False]),
        by=st.sampled_from(["admin", "admin", "admin", "writer"]),
    )
    def change_a_role(self, *, place: tuple[str, bytes], account: str, gives: bool, by: str) -> None:
        contract, role = place
        address = self.twins.place(ESCROW) if account == "escrow" else self.twins.address(account)
        method = selector("grantRole(bytes32,address)" if gives else "revokeRole(bytes32,address)")
        self._call(contract, method + role + word(address), by=by)

    # Campaigns.

    @rule(
        campaign=campaigns,
        members=st.lists(st.tuples(investments, people, amounts, shares, leaves), max_size=3),
        by=callers,
    )
    def record(self, *, campaign: UUID, members: list[tuple[UUID, str, int, int, bytes]], by: str) -> None:
        rows = [InvestmentMember(key, self._wallet(who), amount, n, leaf) for key, who, amount, n, leaf in members]
        self._call(self._campaign(campaign), calls.record_investments(rows), by=by)

    @rule(number=st.integers(0, 3), campaign=campaigns, amount=st.sampled_from([40_000, 20_000]))
    def record_well(self, *, number: int, campaign: UUID, amount: int) -> None:
        self.record(campaign=campaign, members=[(INVESTMENTS[number], "ann", amount, 40, entry(1))], by="writer")

    @rule(campaign=campaigns, successful=st.booleans(), more=st.sampled_from([0, 1]), leaf=leaves, by=callers)
    def close(self, *, campaign: UUID, successful: bool, more: int, leaf: bytes, by: str) -> None:
        raised = self.twins.raised(self._campaign(campaign)) + more
        self._call(self._campaign(campaign), calls.close(successful=successful, raised=raised, entry=leaf), by=by)

    @rule(campaign=campaigns, successful=st.booleans())
    def close_well(self, *, campaign: UUID, successful: bool) -> None:
        self.close(campaign=campaign, successful=successful, more=0, leaf=entry(1), by="writer")

    @rule(campaign=campaigns, revision=revisions, paused=st.booleans(), leaf=leaves)
    def set_paused(self, *, campaign: UUID, revision: int, paused: bool, leaf: bytes) -> None:
        self._call(self._campaign(campaign), calls.set_paused(revision=revision, paused=paused, entry=leaf))

    @rule(campaign=campaigns, revision=revisions, days=st.sampled_from([-1, 20, 40, 60, 729, 731]), leaf=leaves)
    def set_deadline(self, *, campaign: UUID, revision: int, days: int, leaf: bytes) -> None:
        deadline_s = self.twins.now_s + days * DAY_S
        data = calls.set_deadline(revision=revision, deadline_s=deadline_s, entry=leaf)
        self._call(self._campaign(campaign), data)

    @rule(days=st.sampled_from([1, 29, 31]))
    def wait(self, *, days: int) -> None:
        self.twins.mine(after_s=days * DAY_S)

    # Certificates.

    @rule(
        members=st.lists(st.tuples(investments, campaigns, people, shares, contents, leaves), max_size=3),
        by=callers,
    )
    def issue(self, *, members: list[tuple[UUID, UUID, str, int, bytes, bytes]], by: str) -> None:
        rows = [CertificateMember(key, of, self._wallet(who), *said) for key, of, who, *said in members]
        self._call(CERTIFICATE, calls.issue_certificates(rows), by=by)

    @rule(number=st.integers(0, 3))
    def issue_well(self, *, number: int) -> None:
        self.issue(members=[(INVESTMENTS[number], CAMPAIGNS[0], "ann", 40, b"\xcd" * 24, entry(1))], by="writer")

    @rule(change=changes, investment=investments, evidence=hashes, leaf=leaves, by=callers)
    def revoke(self, *, change: UUID, investment: UUID, evidence: bytes, leaf: bytes, by: str) -> None:
        said: dict[str, Any] = {"change_id": change, "investment_id": investment, "evidence": evidence, "entry": leaf}
        self._call(CERTIFICATE, calls.revoke_certificate(**said), by=by)

    @rule(
        change=changes,
        investment=investments,
        who=st.sampled_from(["ann", "bob", "nobody"]),
        approves=st.booleans(),
        evidence=hashes,
        leaf=leaves,
    )
    def reissue_or_approve(
        self, *, change: UUID, investment: UUID, who: str, approves: bool, evidence: bytes, leaf: bytes
    ) -> None:
        said: dict[str, Any] = {"change_id": change, "investment_id": investment, "evidence": evidence, "entry": leaf}
        wallet = self._wallet(who)
        data = (
            calls.approve_transfer(to=wallet, **said) if approves else calls.reissue_certificate(holder=wallet, **said)
        )
        self._call(CERTIFICATE, data)

    @rule(number=st.integers(0, 3), kind=st.sampled_from(["revoke", "reissue", "approve"]), who=people)
    def change_well(self, *, number: int, kind: str, who: str) -> None:
        self.changes += 1
        said: dict[str, Any] = {"change": uuid5(IDS, f"fresh {self.changes}"), "investment": INVESTMENTS[number]}
        said |= {"evidence": b"\xd1" * 32, "leaf": entry(1)}
        if kind == "revoke":
            self.revoke(**said, by="writer")
        else:
            self.reissue_or_approve(**said, who=who, approves=kind == "approve")

    @rule(
        investment=investments,
        sender=people,
        receiver=st.sampled_from(["bob", "bob", "ann", "nobody"]),
        by=people,
    )
    def transfer(self, *, investment: UUID, sender: str, receiver: str, by: str) -> None:
        data = selector("transferFrom(address,address,uint256)")
        data += b"".join(map(word, (self._wallet(sender), self._wallet(receiver), token_id(investment))))
        self._call(CERTIFICATE, data, by=by)

    # The escrow.

    @rule(campaign=campaigns, release=releases, issuer=people, amount=amounts, fee=amounts, leaf=leaves, by=callers)
    def release(
        self, *, campaign: UUID, release: UUID, issuer: str, amount: int, fee: int, leaf: bytes, by: str
    ) -> None:
        said: dict[str, Any] = {"campaign_id": campaign, "release_id": release, "issuer": self._wallet(issuer)}
        self._call(ESCROW, calls.record_release(amount=amount, fee=fee, entry=leaf, **said), by=by)

    @rule(members=st.lists(st.tuples(campaigns, investments, people, amounts, leaves), max_size=3), by=callers)
    def refund(self, *, members: list[tuple[UUID, UUID, str, int, bytes]], by: str) -> None:
        rows = [RefundMember(of, key, self._wallet(who), amount, leaf) for of, key, who, amount, leaf in members]
        self._call(ESCROW, calls.record_refunds(rows), by=by)

    @rule(number=st.integers(0, 3), amount=st.sampled_from([40_000, 20_000]))
    def refund_well(self, *, number: int, amount: int) -> None:
        self.refund(members=[(CAMPAIGNS[0], INVESTMENTS[number], "ann", amount, entry(1))], by="writer")

    @rule(number=st.integers(0, 9), amount=st.sampled_from([1, 20_000, 40_000]))
    def release_well(self, *, number: int, amount: int) -> None:
        release = uuid5(IDS, f"fresh release {number}")
        self.release(
            campaign=CAMPAIGNS[0], release=release, issuer="ann", amount=amount, fee=7, leaf=entry(1), by="writer"
        )

    # Nonsense.

    @rule(
        to=st.sampled_from([REGISTRY, FACTORY, CERTIFICATE, ESCROW, "CampaignImplementation", "JournalAnchor"]),
        data=st.sampled_from(
            [
                b"",
                b"\x01",
                selector("nothing()"),
                calls.set_active(company_id=COMPANIES[0], revision=9, active=True, entry=entry(1))[:-1],
                calls.set_active(company_id=COMPANIES[0], revision=9, active=True, entry=entry(1)).replace(
                    word(True), word(2)
                ),
                calls.record_refunds([]),
                calls.issue_certificates([])[:-32],
                calls.issue_certificates([])[:-32] + word(1),
            ]
        ),
    )
    def say_nonsense(self, *, to: str, data: bytes) -> None:
        self._call(to, data)


def _keys() -> list[bytes]:
    keys = [to_bytes32(one) for one in (*COMPANIES, *CAMPAIGNS, *INVESTMENTS, *CHANGES, *RELEASES)]
    keys += [word(token_id(one)) for one in INVESTMENTS]
    return keys + [revision_key(one, revision) for one in (COMPANIES[0], CAMPAIGNS[0]) for revision in range(5)]


def test_any_calls_in_any_order_are_answered_alike(deployed: ChainAtHand) -> None:
    heard: set[str] = set()
    machine: Any = lambda: ContractsMachine(deployed, heard)  # noqa: E731  # the library calls it, class or not
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=25, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
    assert {"IssuerRegistered", "CampaignCreated"} < heard
