"""What each call costs on the development chain: the same inputs every time, so the same gas to the unit.

`python -m tests.unit.abis.gas` measures and writes abis/gas.json anew, after a change of the contracts.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from eth_account import Account

from abis import calls
from ops.contracts import ABIS
from ops.stack import Chain
from tests.conftest import TOOLS
from tests.support.chain import ChainAtHand, deploy_on
from tests.unit.abis.anchoring import PLACE, anchor_of
from tests.unit.abis.ledger import (
    CAMPAIGN,
    COMPANY,
    DIGEST,
    HOLDER,
    HOLDER_KEY,
    INVESTOR,
    LedgerOnChain,
    approve_transfer,
    certificate,
    create,
    entry,
    investment,
    refund,
    register,
    reissue,
    release,
    revoke,
    transfer_from,
)
from tests.unit.abis.rfc6962 import Leaves

TABLE = ABIS / "gas.json"
BATCH = 20
AMOUNT = 5_000  # so that a batch stays below the cap
# The dearest proof of a length goes from 2^n - 1 to 2^n: nearly every node of it is hashed into both roots.
PROOFS = {
    "proof of 1": (1, 2),
    "proof of 10": (2**9 - 1, 2**9),
    "proof of 20": (2**19 - 1, 2**19),
    "a million to 1.1 million": (1_000_000, 1_100_000),
}


def measured(chain: ChainAtHand) -> dict[str, int]:
    """The gas of each call, by its name and, of a batch, by its members. The chain is left as it was."""
    table: dict[str, int] = {}
    for rows in (_campaigns, _certificates, _changes, _escrow, _coin, _anchors):
        snapshot = chain.rpc.call("evm_snapshot")
        table |= rows(LedgerOnChain(chain))
        chain.rpc.call("evm_revert", snapshot)
    return table


def write(table: dict[str, int]) -> None:
    TABLE.write_bytes(msgspec.json.format(msgspec.json.encode(table), indent=1) + b"\n")


def read() -> dict[str, int]:
    return msgspec.json.decode(TABLE.read_bytes(), type=dict[str, int])


def _gas(ledger: LedgerOnChain, to: str, data: bytes, *, key: str | None = None, value: int = 0) -> int:
    receipt = ledger.chain.send(ledger._address(to), data, key=key, value=value)
    assert receipt["status"] == "0x1"
    return int(receipt["gasUsed"], 16)


def _campaigns(ledger: LedgerOnChain) -> dict[str, int]:
    first, one, *many = [investment(n, amount=AMOUNT) for n in range(1, 3 + BATCH)]
    raised = AMOUNT * (BATCH + 2)
    return {
        "register": _gas(ledger, "IssuerRegistry", register()),
        **_revisions_of_a_company(ledger),
        "createCampaign": _gas(ledger, "CampaignFactory", create()),
        "recordInvestments 1, the first": _gas(ledger, "campaign", calls.record_investments([first])),
        "recordInvestments 1": _gas(ledger, "campaign", calls.record_investments([one])),
        f"recordInvestments {BATCH}": _gas(ledger, "campaign", calls.record_investments(many)),
        "setPaused": _gas(ledger, "campaign", calls.set_paused(revision=2, paused=True, entry=entry(7))),
        "setDeadline": _gas(ledger, "campaign", _later_deadline(ledger)),
        "close": _gas(ledger, "campaign", calls.close(successful=True, raised=raised, entry=entry(9))),
    }


def _revisions_of_a_company(ledger: LedgerOnChain) -> dict[str, int]:
    of_company: dict[str, Any] = {"company_id": COMPANY, "entry": entry(7)}
    data = {
        "update": calls.update(**of_company, revision=2, wallet=INVESTOR, documents_hash=DIGEST),
        "setActive": calls.set_active(**of_company, revision=3, active=False),
        "setActive, back": calls.set_active(**of_company, revision=4, active=True),
        "lock": calls.lock(**of_company, revision=5, campaign_id=CAMPAIGN),
        "unlock": calls.unlock(**of_company, revision=6, campaign_id=CAMPAIGN),
    }
    return {name: _gas(ledger, "IssuerRegistry", call) for name, call in data.items()}


def _later_deadline(ledger: LedgerOnChain) -> bytes:
    return calls.set_deadline(revision=3, deadline_s=ledger.ask("campaign", "deadline()") + 1, entry=entry(7))


def _coin(ledger: LedgerOnChain) -> dict[str, int]:
    """A campaign in the chain's own coin, which succeeds, and one of the same that fails."""
    chain, place = ledger.chain, "FundEscrow"
    depositors = [f"0x{number:064x}" for number in range(0xD1, 0xD1 + 2 + BATCH)]
    wallets: list[str] = [Account.from_key(key).address for key in depositors]
    members = [investment(n, amount=AMOUNT, investor=wallet) for n, wallet in enumerate(wallets, start=1)]
    ledger.created(asset=calls.NATIVE)
    deposits = []
    for member, key in zip(members, depositors, strict=True):
        chain.rpc.call("anvil_setBalance", member.investor, hex(AMOUNT))
        data = calls.deposit(campaign_id=CAMPAIGN, investment_id=member.investment_id)
        deposits.append(_gas(ledger, place, data, key=key, value=AMOUNT))
    first, one, *many = members
    table = {
        "deposit": deposits[1],
        "recordInvestments 1, coin, the first": _gas(ledger, "campaign", calls.record_investments([first])),
        "recordInvestments 1, coin": _gas(ledger, "campaign", calls.record_investments([one])),
        f"recordInvestments {BATCH}, coin": _gas(ledger, "campaign", calls.record_investments(many)),
    }
    for outcome in ("successful", "failed"):
        start = chain.rpc.call("evm_snapshot")
        raised = AMOUNT * len(members)
        ledger.post("campaign", calls.close(successful=outcome == "successful", raised=raised, entry=entry(9)))
        if outcome == "successful":
            data = release(issuer=HOLDER, amount=AMOUNT, fee=100)
            table["recordRelease, coin, the first"] = _gas(ledger, place, data)
            table["withdraw"] = _gas(ledger, place, calls.withdraw(), key=HOLDER_KEY)
        else:
            refunds = [refund(n, amount=AMOUNT, investor=w) for n, w in enumerate(wallets, start=1)]
            table["recordRefunds 1, coin, the first"] = _gas(ledger, place, calls.record_refunds(refunds[:1]))
            table[f"recordRefunds {BATCH}, coin"] = _gas(ledger, place, calls.record_refunds(refunds[1 : BATCH + 1]))
            table["reclaim"] = _gas(ledger, place, calls.reclaim(first.investment_id), key=depositors[0])
        chain.rpc.call("evm_revert", start)
    return table


def _certificates(ledger: LedgerOnChain) -> dict[str, int]:
    """To a holder who holds another one already; the first is a holder's first."""
    ledger.closed(investment(1), successful=True)
    first, one, *many = [certificate(n) for n in range(1, 3 + BATCH)]
    place = "NFTShareCertificate"
    return {
        "issueCertificates 1, the first": _gas(ledger, place, calls.issue_certificates([first])),
        "issueCertificates 1": _gas(ledger, place, calls.issue_certificates([one])),
        f"issueCertificates {BATCH}": _gas(ledger, place, calls.issue_certificates(many)),
    }


def _changes(ledger: LedgerOnChain) -> dict[str, int]:
    place = "NFTShareCertificate"
    ledger.certified(1).post(place, calls.issue_certificates([certificate(2, holder=HOLDER)]))
    second, third = UUID(int=2**127 + 2), UUID(int=2**127 + 3)
    return {
        "approveTransfer": _gas(ledger, place, approve_transfer(2)),
        "transferFrom": _gas(ledger, place, transfer_from(HOLDER, INVESTOR, 2), key=HOLDER_KEY),
        "revoke": _gas(ledger, place, revoke(1, change=second)),
        "reissue": _gas(ledger, place, reissue(1, change=third)),
    }


def _escrow(ledger: LedgerOnChain) -> dict[str, int]:
    """Releases of a successful campaign; refunds of a failed one, and of one that is not closed."""
    members = [investment(n, amount=AMOUNT) for n in range(1, 3 + BATCH)]
    first, one, *many = [refund(n, amount=AMOUNT) for n in range(1, 3 + BATCH)]
    table: dict[str, int] = {}
    for outcome in ("successful", "failed", "open"):
        start = ledger.chain.rpc.call("evm_snapshot")
        if outcome == "open":
            ledger.recorded(*members)
        else:
            ledger.closed(*members, successful=outcome == "successful")
        if outcome == "successful":
            again = release(release_id=UUID(int=2**127 + 2), amount=2_000, fee=50)
            table["recordRelease, the first"] = _gas(ledger, "FundEscrow", release(amount=AMOUNT, fee=100))
            table["recordRelease"] = _gas(ledger, "FundEscrow", again)
        else:
            table[f"recordRefunds 1, {outcome}, the first"] = _gas(ledger, "FundEscrow", calls.record_refunds([first]))
            table[f"recordRefunds 1, {outcome}"] = _gas(ledger, "FundEscrow", calls.record_refunds([one]))
            table[f"recordRefunds {BATCH}, {outcome}"] = _gas(ledger, "FundEscrow", calls.record_refunds(many))
        ledger.chain.rpc.call("evm_revert", start)
    return table


def _anchors(ledger: LedgerOnChain) -> dict[str, int]:
    table: dict[str, int] = {}
    for name, (first, second) in PROOFS.items():
        journal = Leaves({place: entry(place + 1) for place in (0, first - 1, first, second - 1)})
        start = ledger.chain.rpc.call("evm_snapshot")
        of_the_first = _gas(ledger, PLACE, anchor_of(journal, first, after=0))
        table.setdefault("anchor, the first", of_the_first)
        table[f"anchor, {name}"] = _gas(ledger, PLACE, anchor_of(journal, second, after=first))
        ledger.chain.rpc.call("evm_revert", start)
    return table


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="tandem-gas-") as folder:
        server = Chain(Path(folder) / "chain", tools=TOOLS, block_time_s=0)
        server.start()
        try:
            chain = deploy_on(server.url, plan=Path(folder) / "plan.json")
            write(measured(chain))
            chain.rpc.close()
        finally:
            server.stop()
    print(f"{TABLE} is written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
