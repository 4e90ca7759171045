"""What the chain holds at one block of everything that the journal obliges, and every log on our contracts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec

from abis import Generation, Log, campaign_address, decode, from_bytes32, to_bytes32, token_id
from abis.calls import selector
from abis.certificates import HASH_BYTES
from abis.hashing import checksummed
from abis.logs import CampaignCreated
from ops.reconcile.journal import JournalSide
from ops.reconcile.node import BatchRpc, Call, ChainLog
from ops.reconcile.obligations import Obligation

DIGEST_OF = selector("digestOf(bytes32)")
WALLET_OF = selector("walletOf(bytes32)")
IS_ACTIVE = selector("isActive(bytes32)")
EXCLUSIVE_CAMPAIGN_OF = selector("exclusiveCampaignOf(bytes32)")
TOTAL_RAISED = selector("totalRaised()")
CLOSED = selector("closed()")
SUCCESSFUL = selector("successful()")
PAUSED = selector("paused()")
RELEASED_OF = selector("releasedOf(bytes32)")
REFUNDED_OF = selector("refundedOf(bytes32)")
OWNER_OF = selector("ownerOf(uint256)")
SHARES_OF = selector("sharesOf(uint256)")
CONTENT_HASH_OF = selector("contentHashOf(uint256)")


class OnCompany(msgspec.Struct, frozen=True, kw_only=True):
    """What the chain says of one company; no wallet where it is not registered."""

    wallet: str | None
    active: bool
    exclusive_campaign: UUID | None


class OnCampaign(msgspec.Struct, frozen=True, kw_only=True):
    """What the chain says of one campaign."""

    deployed: bool
    raised: int
    closed: bool
    successful: bool
    paused: bool
    released: int
    refunded: int


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """What the chain says of one certificate; no owner where there is none, and an empty hash (hex) of its document."""

    owner: str | None
    shares: int
    document: str


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A log with its meaning; None where nobody of ours knows it."""

    log: ChainLog
    said: Log | None


class ChainSide(msgspec.Struct, frozen=True, kw_only=True):
    """All that was read at `block`. `digests` are by the position of the obligation, empty where nothing is kept."""

    head: int
    block: int
    digests: dict[int, bytes]
    companies: dict[UUID, OnCompany]
    campaigns: dict[UUID, OnCampaign]
    certificates: dict[UUID, Certificate]
    logs: list[Found]


class ChainReader:
    """Reads the chain's side for a journal's side. Raises httpx.HTTPError, RpcRefused."""

    def __init__(self, rpc: BatchRpc, generation: Generation) -> None:
        self._rpc = rpc
        self._generation = generation

    def choose(self, *, finality_depth: int, confirmed: int) -> tuple[int, int]:
        """The head, and the block to read at: as deep as is believed, but not before what the journal believes.

        A node without the state of that block (it was started again, or keeps only the newest) is read at its head:
        what is not final there yet has no confirmation, and is pending for this reason.
        """
        head = self._rpc.number("eth_blockNumber")
        block = min(max(head - finality_depth, confirmed, 0), head)
        if self._rpc.keeps_state_of(block, address=self._generation.addresses["CampaignFactory"]):
            return head, block
        return head, head

    def read(self, journal: JournalSide, *, head: int, block: int) -> ChainSide:
        """Everything about what the journal names, and every log up to the block."""
        obligations = list(journal.obligations.values())
        campaigns = sorted({o.stream for o in obligations if o.contract == "CampaignFactory"})
        companies = sorted({o.stream for o in obligations if o.contract == "IssuerRegistry"})
        certificates = sorted({o.stream for o in obligations if o.contract == "NFTShareCertificate"})
        return ChainSide(
            head=head,
            block=block,
            digests=self._digests(obligations, block),
            companies=self._companies(companies, block),
            campaigns=self._campaigns(campaigns, block),
            certificates=self._certificates(certificates, block),
            logs=list(self._logs(campaigns, block)),
        )

    def _digests(self, obligations: Sequence[Obligation], block: int) -> dict[int, bytes]:
        answers = self._rpc.answers([Call(o.address, DIGEST_OF + o.key) for o in obligations], block=block)
        return {o.position: _kept(answer) for o, answer in zip(obligations, answers, strict=True)}

    def _companies(self, companies: Sequence[UUID], block: int) -> dict[UUID, OnCompany]:
        registry = self._generation.addresses["IssuerRegistry"]
        views = WALLET_OF, IS_ACTIVE, EXCLUSIVE_CAMPAIGN_OF
        calls = [Call(registry, view + to_bytes32(company)) for company in companies for view in views]
        answers = self._rpc.answers(calls, block=block)
        return {
            company: OnCompany(
                wallet=_address(answers[place * 3]),
                active=bool(_number(answers[place * 3 + 1])),
                exclusive_campaign=from_bytes32(_kept(answers[place * 3 + 2])),
            )
            for place, company in enumerate(companies)
        }

    def _campaigns(self, campaigns: Sequence[UUID], block: int) -> dict[UUID, OnCampaign]:
        escrow, factory = self._generation.addresses["FundEscrow"], self._generation.addresses["CampaignFactory"]
        calls: list[Call] = []
        for campaign in campaigns:
            clone, key = campaign_address(self._generation, campaign), to_bytes32(campaign)
            calls += [Call(factory, DIGEST_OF + key), Call(clone, TOTAL_RAISED), Call(clone, CLOSED)]
            calls += [
                Call(clone, SUCCESSFUL),
                Call(clone, PAUSED),
                Call(escrow, RELEASED_OF + key),
                Call(escrow, REFUNDED_OF + key),
            ]
        numbers = [_number(answer) for answer in self._rpc.answers(calls, block=block)]
        found = {}
        for place, campaign in enumerate(campaigns):
            digest, raised, closed, successful, paused, released, refunded = numbers[place * 7 : place * 7 + 7]
            found[campaign] = OnCampaign(
                deployed=bool(digest),
                raised=raised,
                closed=bool(closed),
                successful=bool(successful),
                paused=bool(paused),
                released=released,
                refunded=refunded,
            )
        return found

    def _certificates(self, investments: Sequence[UUID], block: int) -> dict[UUID, Certificate]:
        contract = self._generation.addresses["NFTShareCertificate"]
        calls: list[Call] = []
        for investment in investments:
            word = token_id(investment).to_bytes(32, "big")
            calls += [Call(contract, view + word) for view in (OWNER_OF, SHARES_OF, CONTENT_HASH_OF)]
        answers = self._rpc.answers(calls, block=block)
        return {
            investment: Certificate(
                owner=_address(answers[place * 3]),
                shares=_number(answers[place * 3 + 1]),
                document=_kept(answers[place * 3 + 2])[:HASH_BYTES].hex(),
            )
            for place, investment in enumerate(investments)
        }

    def _logs(self, campaigns: Sequence[UUID], block: int) -> Iterable[Found]:
        """The logs of the contracts, then those of every clone: of our campaigns, and of any that others made."""
        first = self._generation.start_block + 1
        clones = {campaign_address(self._generation, campaign) for campaign in campaigns}
        for log in self._rpc.logs(list(self._generation.addresses.values()), first=first, last=block):
            said = decode(log.raw)
            if isinstance(said, CampaignCreated):
                clones.add(said.campaign)
            yield Found(log=log, said=said)
        for log in self._rpc.logs(sorted(clones), first=first, last=block):
            yield Found(log=log, said=decode(log.raw))


def _number(answer: bytes | None) -> int:
    """0 also where there is no contract to answer."""
    return int.from_bytes(answer, "big") if answer else 0


def _kept(answer: bytes | None) -> bytes:
    """A digest; empty where none is kept."""
    return answer if answer and any(answer) else b""


def _address(answer: bytes | None) -> str | None:
    return checksummed(answer[-20:].hex()) if answer and any(answer) else None
