"""The circle, as a client of the API lives it: from a company's registration to released money, or to refunds."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from hashlib import sha256
from uuid import UUID

from eth_account import Account
from eth_account.messages import encode_defunct

from abis import Generation, campaign_address
from ops.demo.board import Board
from ops.demo.client import Answer, Client
from ops.demo.errors import Surprised
from ops.demo.feed import Feed
from ops.demo.plan import Commitment, Investor, Offering, Plan

RISK_TEXT = "You may lose all of what you invest. Shares of young companies are hard to sell."
ACKNOWLEDGEMENT = sha256(RISK_TEXT.encode()).hexdigest()
KYC_LEVEL = "basic"


def signed(text: str, *, key: str) -> str:
    """A wallet's signature under a text (EIP-191), as a person's wallet program makes it."""
    signature: bytes = Account.sign_message(encode_defunct(text=text), key).signature
    return "0x" + bytes(signature).hex()


class Circle:
    """One run of the story. Both campaigns and all investors go their ways at once, each step after its own last."""

    def __init__(self, client: Client, feed: Feed, board: Board, plan: Plan, *, generation: Generation) -> None:
        self.answers: dict[str, list[float]] = {}
        self._client = client
        self._feed = feed
        self._board = board
        self._plan = plan
        self._generation = generation
        self._introduced: dict[UUID, asyncio.Task[None]] = {}

    async def play(self) -> None:
        """Everything up to one settled and one refunded campaign."""
        async with asyncio.TaskGroup() as group:
            self._introduced = {
                investor.id: group.create_task(self._introduce(investor)) for investor in self._plan.investors
            }
            for offering in self._plan.offerings:
                group.create_task(self._live(offering))

    async def _live(self, offering: Offering) -> None:
        await self._register(offering)
        await self._open(offering)
        async with asyncio.TaskGroup() as group:
            for commitment in offering.commitments:
                group.create_task(self._invest(offering, commitment))
        await self._recorded(offering)
        await self._close(offering)
        if offering.succeeds:
            await self._settle(offering)
        else:
            await self._refund(offering)
        await self._freed(offering)

    async def _register(self, offering: Offering) -> None:
        """The company: registered, its documents and KYB approved by a second person, recorded by IssuerRegistry."""
        company = f"/v1/companies/{offering.company_id}"
        name = offering.name
        await self._give("issuer", "/v1/companies", offering.company, kind="register company", of=name)
        for document in offering.documents:
            of = f"{name}:{document['kind']}"
            await self._give("issuer", f"{company}/documents", document, kind="attach document", of=of)
            path = f"{company}/documents/{document['document_id']}:approve"
            await self._give("compliance", path, kind="approve document", of=of)
        answer = await self._give("issuer", f"{company}:submit-kyb", kind="submit KYB", of=name)
        submitted = await self._client.read("compliance", company, min_position=answer.position)
        approval = {"documents_hash": submitted["documents_hash"]}
        await self._give("compliance", f"{company}:approve-kyb", approval, kind="approve KYB", of=name)
        await self._confirmed(offering.company_id, "company.registration_confirmed", offering)

    async def _open(self, offering: Offering) -> None:
        """The campaign: drafted, submitted, approved by its terms' hash, deployed where it was said it would be."""
        campaign = f"/v1/campaigns/{offering.campaign_id}"
        expected = campaign_address(self._generation, offering.campaign_id)
        draft = {
            "campaign_id": str(offering.campaign_id),
            "company_id": str(offering.company_id),
            "title": offering.title,
            "terms": offering.terms,
        }
        await self._give("issuer", "/v1/campaigns", draft, kind="draft campaign", of=offering.name)
        answer = await self._give("issuer", f"{campaign}:submit", kind="submit campaign", of=offering.name)
        submitted = await self._client.read("compliance", campaign, min_position=answer.position)
        approval = {"terms_hash": submitted["terms_hash"]}
        await self._give("compliance", f"{campaign}:approve", approval, kind="approve campaign", of=offering.name)
        await self._confirmed(offering.campaign_id, "campaign.deployment_confirmed", offering)
        deployed = self._feed.seen[offering.campaign_id, "campaign.deployment_confirmed"].data.address
        if deployed != expected:
            raise Surprised(f"{offering.name} stands at {deployed}, but was to stand at {expected}")

    async def _introduce(self, investor: Investor) -> None:
        """Registered, with a wallet bound by its signature, and known to compliance."""
        self._board.begin("introduced")
        path, name = f"/v1/investors/{investor.id}", investor.name
        body = {"investor_id": str(investor.id), "reference": name}
        await self._give("investor", "/v1/investors", body, kind="register investor", of=name)
        asked = {"wallet": investor.wallet}
        answer = await self._give("investor", f"{path}:challenge-wallet", asked, kind="challenge wallet", of=name)
        challenge = await self._client.read("investor", f"{path}/challenge", min_position=answer.position)
        bound = {
            "nonce": challenge["nonce"],
            "scheme": "eip191",
            "signature": signed(challenge["statement"], key=investor.key),
        }
        await self._give("investor", f"{path}:bind-wallet", bound, kind="bind wallet", of=name)
        await self._give("compliance", f"{path}:approve-kyc", {"level": KYC_LEVEL}, kind="approve KYC", of=name)
        self._board.finish("introduced")

    async def _invest(self, offering: Offering, commitment: Commitment) -> None:
        """One investor commits, and the treasury records the payment."""
        await self._introduced[commitment.investor.id]
        name = f"{commitment.investor.name}:{offering.name}"
        body = {
            "investment_id": str(commitment.investment_id),
            "campaign_id": str(offering.campaign_id),
            "investor_id": str(commitment.investor.id),
            "amount": str(commitment.amount),
            "acknowledgements": [{"kind": "risk", "text": ACKNOWLEDGEMENT}],
        }
        self._board.begin("committed")
        await self._give("investor", "/v1/investments", body, kind="commit", of=name)
        self._board.finish("committed")
        self._board.begin("paid")
        payment = {
            "provider": "telebirr",
            "reference": f"{self._plan.run_id}:{name}",
            "amount": str(commitment.amount),
            "currency": offering.terms["currency"],
        }
        path = f"/v1/investments/{commitment.investment_id}/payments"
        await self._give("treasury_maker", path, payment, kind="record payment", of=name)
        self._board.finish("paid")

    async def _recorded(self, offering: Offering) -> None:
        await self._all(offering, "investment.recording_confirmed")

    async def _close(self, offering: Offering) -> None:
        reason = "threshold reached" if offering.succeeds else "threshold out of reach"
        path = f"/v1/campaigns/{offering.campaign_id}:close"
        await self._give("operator", path, {"reason": reason}, kind="close campaign", of=offering.name)
        await self._confirmed(offering.campaign_id, "campaign.closing_confirmed", offering)
        outcome = self._feed.seen[offering.campaign_id, "campaign.closing_confirmed"].data.outcome
        expected = "successful" if offering.succeeds else "failed"
        if outcome != expected:
            raise Surprised(f"{offering.name} closed as {outcome}, but should have been {expected}")

    async def _settle(self, offering: Offering) -> None:
        """Certificates for everybody; then the money is released on the word of two people."""
        campaign = f"/v1/campaigns/{offering.campaign_id}"
        await self._all(offering, "investment.certificate_confirmed")
        path = f"{campaign}/releases"
        asked = await self._give("treasury_maker", path, {}, kind="request release", of=offering.name)
        path = f"{path}/{asked.id}:approve"
        await self._give("treasury_checker", path, kind="approve release", of=offering.name)
        await self._confirmed(offering.campaign_id, "campaign.release_confirmed", offering)

    async def _refund(self, offering: Offering) -> None:
        await self._all(offering, "investment.refund_confirmed")
        await self._confirmed(offering.campaign_id, "campaign.refunds_completed", offering)

    async def _freed(self, offering: Offering) -> None:
        """The company is free for its next campaign, on the chain as well."""

        def reached() -> bool:
            freed = self._feed.seen.get((offering.company_id, "company.exclusivity_released"))
            shown = self._feed.seen.get((offering.company_id, "company.posting_confirmed"))
            fact = shown.data.on_chain if shown is not None else None
            return freed is not None and fact is not None and fact.entry_position == freed.position

        await self._feed.until(reached, awaited=f"the exclusivity of {offering.name} given back on the chain")

    async def _give(
        self, role: str, path: str, body: Mapping[str, object] | None = None, *, kind: str, of: str
    ) -> Answer:
        """Give a command; what kind it is and of whom makes its idempotency key."""
        answer = await self._client.command(role, path, body, step=f"{kind}:{of}".replace(" ", "-"))
        self.answers.setdefault(kind, []).append(answer.took_s)
        return answer

    async def _confirmed(self, stream: UUID, topic: str, offering: Offering) -> None:
        await self._feed.until(lambda: self._feed.has(stream, topic), awaited=f"{topic} of {offering.name}")

    async def _all(self, offering: Offering, topic: str) -> None:
        waiting = {commitment.investment_id for commitment in offering.commitments}

        def reached() -> bool:
            waiting.difference_update([stream for stream in waiting if self._feed.has(stream, topic)])
            return not waiting

        await self._feed.until(reached, awaited=f"{topic} of every investment in {offering.name}")
