"""Commands about the chain ledger as a whole: their bodies and their routes."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from api.asking.rows import asks
from api.bodies import Body, ReasonBody
from api.fields import Count, Digest, Id, Text, Wallet
from domain import commands as c
from domain.ledger import LEDGER
from domain.ledger.promoting import CONTRACTS_MAX

CHAIN_LEDGER = "/v1/chain-ledger"


class GenerationBody(Body):
    """What the generation file of a rebuild says."""

    chain_id: Count
    genesis_hash: Text
    addresses: Annotated[dict[str, Wallet], Field(max_length=CONTRACTS_MAX)]
    code_hashes: Annotated[dict[str, Text], Field(max_length=CONTRACTS_MAX)]
    start_block: Count
    deployed_block: Count = 0


class ProposalBody(Body):
    """`living` is the generation that it was compared with, `report_hash` the SHA-256 of the comparison's report."""

    generation: GenerationBody
    living: Id
    compared_position: Count
    report_hash: Digest


class ApprovalBody(Body):
    generation_id: Id
    report_hash: Digest


def _stream(_: dict[str, Any]) -> UUID:
    return LEDGER


LEDGERS = (
    asks(
        c.ProposePromotion,
        f"{CHAIN_LEDGER}:propose-promotion",
        "Propose that a generation which was posted again and compared takes the place of the living one.",
        when="no promotion proposed; a generation that never lived",
        body=ProposalBody,
        stream=_stream,
    ),
    asks(
        c.WithdrawPromotion,
        f"{CHAIN_LEDGER}:withdraw-promotion",
        "Withdraw the proposal.",
        when="a promotion proposed",
        body=ReasonBody,
        stream=_stream,
    ),
    asks(
        c.ApprovePromotion,
        f"{CHAIN_LEDGER}:approve-promotion",
        "Promote the proposed generation, by another person than the one who proposed it.",
        when="a promotion proposed, of this very generation and report",
        body=ApprovalBody,
        stream=_stream,
    ),
)
