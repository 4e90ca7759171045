"""A wallet is bound by its own signature: over a challenge that names investor, place, chain, nonce and end, once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data
from hypothesis import given as given_any
from hypothesis import strategies as st

from domain.commands import BindWallet, ChallengeWallet
from domain.errors import Refusal
from domain.investor import Investor, WalletBound, WalletChallenged
from domain.wallets import CHALLENGE_S, SCHEMES, Challenge, check_signed, statement, typed_data
from tests.unit.domain.acts import owner_of, wallet_of
from tests.unit.domain.examples import (
    BOUND,
    CHALLENGE,
    CHALLENGED,
    INVESTOR,
    INVESTOR_ID,
    INVESTOR_WALLET,
    KNOWN,
    SIGNATURE,
)
from tests.unit.domain.scenario import NOW, given

KEY, OTHER_KEY = (number.to_bytes(32, "big") for number in (1, 2))


def _signed(challenge: Challenge, *, scheme: str, key: bytes = KEY, investor_id: UUID = INVESTOR_ID) -> str:
    if scheme == "eip191":
        message = encode_defunct(text=statement(investor_id, challenge))
    else:
        message = encode_typed_data(full_message=typed_data(investor_id, challenge))
    return "0x" + bytes(Account.sign_message(message, key).signature).hex()


def _changed(**changes: Any) -> Challenge:
    return msgspec.structs.replace(CHALLENGE, **changes)


def _bind(signature: str, *, scheme: str = "eip191", nonce: str = CHALLENGE.nonce) -> BindWallet:
    return BindWallet(investor_id=INVESTOR_ID, nonce=nonce, scheme=scheme, signature=signature)


def _ask(wallet: str = INVESTOR_WALLET, *, nonce: str = CHALLENGE.nonce) -> ChallengeWallet:
    return ChallengeWallet(
        investor_id=INVESTOR_ID, wallet=wallet, nonce=nonce, domain=CHALLENGE.domain, chain_id=CHALLENGE.chain_id
    )


# The challenge.


def test_a_challenge_is_good_for_ten_minutes() -> None:
    assert CHALLENGE_S == 600
    given(*KNOWN).when(_ask(), by=INVESTOR).then(WalletChallenged(challenge=CHALLENGE))


def test_a_challenge_is_asked_for_by_the_investor_for_a_wallet() -> None:
    given(*KNOWN).when(_ask(), by=owner_of(2)).then_refused("not-yours")
    given(*KNOWN).when(_ask("0x12"), by=INVESTOR).then_refused("wallet-not-acceptable")
    given(*KNOWN).when(_ask("0x" + "0" * 40), by=INVESTOR).then_refused("wallet-not-acceptable")


def test_a_new_challenge_takes_the_place_of_the_one_before() -> None:
    after = given(*CHALLENGED).when(_ask(nonce="nonce-2"), by=INVESTOR).then_topics(WalletChallenged.TOPIC)
    after.when(_bind(SIGNATURE), by=INVESTOR).then_refused("not-requested")


def test_the_statement_says_in_words_what_is_signed() -> None:
    assert statement(INVESTOR_ID, CHALLENGE) == (
        "tandem.example asks you to bind this wallet to your investor account.\n"
        "\n"
        "Investor: 00000000-0000-0000-0000-000000000011\n"
        "Wallet: 0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf\n"
        "Chain ID: 100\n"
        "Nonce: nonce-1\n"
        "Expires: 2026-03-01T12:10:00+00:00"
    )


# The binding.


@pytest.mark.parametrize("scheme", sorted(SCHEMES))
def test_a_wallet_is_bound_by_its_signature_in_either_scheme(scheme: str) -> None:
    signature = _signed(CHALLENGE, scheme=scheme)
    bound = WalletBound(wallet=INVESTOR_WALLET, nonce=CHALLENGE.nonce, scheme=scheme, signature=signature)
    after = given(*CHALLENGED).when(_bind(signature, scheme=scheme), by=INVESTOR).then(bound)
    assert (after.state(Investor).wallet, after.state(Investor).challenge) == (INVESTOR_WALLET, None)


def test_a_wallet_is_the_same_however_its_letters_are_written() -> None:
    challenge = _changed(wallet=INVESTOR_WALLET.lower())
    signature = _signed(challenge, scheme="eip191")
    given(*KNOWN, WalletChallenged(challenge=challenge)).when(_bind(signature), by=INVESTOR).then_topics(
        WalletBound.TOPIC
    )


def test_another_wallet_takes_the_place_of_the_one_before() -> None:
    challenge = _changed(wallet=wallet_of(2), nonce="nonce-2")
    signature = _signed(challenge, scheme="eip712", key=OTHER_KEY)
    bound = WalletBound(
        wallet=wallet_of(2), nonce="nonce-2", scheme="eip712", signature=signature, previous=INVESTOR_WALLET
    )
    challenged = given(*BOUND, WalletChallenged(challenge=challenge))
    challenged.when(_bind(signature, scheme="eip712", nonce="nonce-2"), by=INVESTOR).then(bound)


def test_a_nonce_is_good_once() -> None:
    """The platform replaced had none: a signature once seen was good for ever."""
    given(*BOUND).when(_bind(SIGNATURE), by=INVESTOR).then_refused("challenge-used")
    given(*BOUND).when(_ask(), by=INVESTOR).then_refused("challenge-used")
    replayed = given(*BOUND, WalletChallenged(challenge=CHALLENGE))
    replayed.when(_bind(SIGNATURE), by=INVESTOR).then_refused("challenge-used")


def test_a_challenge_that_was_not_asked_for_is_not_answered() -> None:
    given(*KNOWN).when(_bind(SIGNATURE), by=INVESTOR).then_refused("not-requested")
    given(*CHALLENGED).when(_bind(SIGNATURE, nonce="nonce-9"), by=INVESTOR).then_refused("not-requested")
    given(*CHALLENGED).when(_bind(SIGNATURE), by=owner_of(2)).then_refused("not-yours")


def test_a_challenge_expires() -> None:
    in_time = CHALLENGE.expires_at - timedelta(microseconds=1)
    given(*CHALLENGED).when(_bind(SIGNATURE), by=INVESTOR, now=in_time).then_topics(WalletBound.TOPIC)
    too_late = given(*CHALLENGED).when(_bind(SIGNATURE), by=INVESTOR, now=CHALLENGE.expires_at)
    too_late.then_refused("challenge-expired")


@pytest.mark.parametrize("scheme", sorted(SCHEMES))
@pytest.mark.parametrize(
    "changes",
    [
        {"chain_id": 1},
        {"domain": "tandem.example.evil"},
        {"nonce": "nonce-9"},
        {"expires_at": NOW + timedelta(days=365)},
        {"wallet": wallet_of(2)},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_was_signed_for_another_chain_place_nonce_time_or_wallet_binds_nothing(
    changes: dict[str, Any], scheme: str
) -> None:
    signature = _signed(_changed(**changes), scheme=scheme)
    given(*CHALLENGED).when(_bind(signature, scheme=scheme), by=INVESTOR).then_refused("signature-not-acceptable")


@pytest.mark.parametrize("scheme", sorted(SCHEMES))
def test_what_was_signed_for_another_investor_binds_nothing(scheme: str) -> None:
    signature = _signed(CHALLENGE, scheme=scheme, investor_id=UUID(int=99))
    given(*CHALLENGED).when(_bind(signature, scheme=scheme), by=INVESTOR).then_refused("signature-not-acceptable")


@pytest.mark.parametrize("scheme", sorted(SCHEMES))
def test_what_another_wallet_signed_binds_nothing(scheme: str) -> None:
    signature = _signed(CHALLENGE, scheme=scheme, key=OTHER_KEY)
    given(*CHALLENGED).when(_bind(signature, scheme=scheme), by=INVESTOR).then_refused("signature-not-acceptable")


def test_a_signature_of_one_scheme_is_none_of_the_other() -> None:
    for given_scheme, signed_scheme in (("eip191", "eip712"), ("eip712", "eip191")):
        bind = _bind(_signed(CHALLENGE, scheme=signed_scheme), scheme=given_scheme)
        given(*CHALLENGED).when(bind, by=INVESTOR).then_refused("signature-not-acceptable")
    given(*CHALLENGED).when(_bind(SIGNATURE, scheme="eip1271"), by=INVESTOR).then_refused("unknown-value")


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "0x",
        SIGNATURE[2:],
        SIGNATURE[:-2],
        SIGNATURE + "00",
        "0X" + SIGNATURE[2:],
        "0x" + "zz" * 65,
        "0x" + "00" * 65,
        "0x" + "ff" * 65,
        SIGNATURE[:-2] + "02",
        "0x" + "\N{ARABIC-INDIC DIGIT ONE}" * 130,
    ],
)
def test_bytes_that_are_nobodys_signature_are_refused(signature: str) -> None:
    given(*CHALLENGED).when(_bind(signature), by=INVESTOR).then_refused("signature-not-acceptable")


@given_any(st.integers(0, 129), st.sampled_from("0123456789abcdef"))
def test_a_signature_that_was_altered_anywhere_is_not_the_wallets(place: int, digit: str) -> None:
    altered = SIGNATURE[: 2 + place] + digit + SIGNATURE[3 + place :]
    bound = given(*CHALLENGED).when(_bind(altered), by=INVESTOR)
    if altered == SIGNATURE:
        bound.then_topics(WalletBound.TOPIC)
    else:
        bound.then_refused("signature-not-acceptable")


def test_an_auditor_can_check_a_binding_from_the_journal_alone() -> None:
    challenged, bound = BOUND[1], BOUND[2]
    assert isinstance(challenged, WalletChallenged)
    assert isinstance(bound, WalletBound)
    check_signed(INVESTOR_ID, challenged.challenge, scheme=bound.scheme, signature=bound.signature)
    with pytest.raises(Refusal, match="the wallet did not sign this challenge"):
        check_signed(UUID(int=99), challenged.challenge, scheme=bound.scheme, signature=bound.signature)
