"""What the escrow holds at one block: its balance, every deposit, every credit, and what each campaign has recorded."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from abis.calls import selector
from ops.reconcile.node import BatchRpc, Call
from ops.rpc import RpcRefused

DEPOSIT_OF = selector("depositOf(bytes32,address)")
CREDIT_OF = selector("creditOf(address)")
HELD_OF = selector("heldOf(bytes32)")
RELEASED_OF = selector("releasedOf(bytes32)")
FEE_WALLET = selector("feeWallet()")
WORD_BYTES = 32
STATES = ("none", "held", "recorded", "refunded", "reclaimed")  # as the contract counts them

Depositor = tuple[bytes, str]  # the investment, as a word, and who paid


class OnEscrow(msgspec.Struct, frozen=True, kw_only=True):
    """Wei. `deposits` are a state's name and an amount; `recorded` and `released` are by the campaign's word."""

    balance: int
    deposits: dict[Depositor, tuple[str, int]]
    credits: dict[str, int]
    recorded: dict[bytes, int]
    released: dict[bytes, int]


class EscrowReader:
    """Asks the contract. Raises httpx.HTTPError, RpcRefused."""

    def __init__(self, rpc: BatchRpc, address: str) -> None:
        self._rpc = rpc
        self._address = address

    def read(
        self, *, deposits: Sequence[Depositor], payees: Sequence[str], campaigns: Sequence[bytes], block: int
    ) -> OnEscrow:
        places = [DEPOSIT_OF + investment + _word(depositor) for investment, depositor in deposits]
        answers = self._ask([*places, *(CREDIT_OF + _word(payee) for payee in payees)], block)
        sums = self._ask([view + campaign for view in (HELD_OF, RELEASED_OF) for campaign in campaigns], block)
        numbers = [_number(answer) for answer in sums]
        return OnEscrow(
            balance=self._rpc.number("eth_getBalance", self._address, hex(block)),
            deposits=dict(zip(deposits, map(_deposit, answers[: len(places)]), strict=True)),
            credits=dict(zip(payees, map(_number, answers[len(places) :]), strict=True)),
            recorded=dict(zip(campaigns, numbers[: len(campaigns)], strict=True)),
            released=dict(zip(campaigns, numbers[len(campaigns) :], strict=True)),
        )

    def fee_wallet(self, block: int) -> str | None:
        """Who was credited with fees at a block; None where the node keeps the state of that block no longer."""
        try:
            (answer,) = self._ask([FEE_WALLET], block)
        except RpcRefused:
            return None
        return "0x" + answer[-20:].hex() if answer else None

    def _ask(self, questions: Collection[bytes], block: int) -> list[bytes | None]:
        return self._rpc.answers([Call(self._address, data) for data in questions], block=block)


def _deposit(answer: bytes | None) -> tuple[str, int]:
    """Campaign, state and amount, one word each."""
    if answer is None or len(answer) != 3 * WORD_BYTES:
        return STATES[0], 0
    return STATES[_number(answer[WORD_BYTES : 2 * WORD_BYTES])], _number(answer[2 * WORD_BYTES :])


def _number(answer: bytes | None) -> int:
    return int.from_bytes(answer, "big") if answer else 0


def _word(address: str) -> bytes:
    return bytes.fromhex(address[2:]).rjust(WORD_BYTES, b"\0")
