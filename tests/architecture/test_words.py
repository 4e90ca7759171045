"""The words: one thing has one name here. The glossary says which; these are the ones that must not creep in."""

from __future__ import annotations

import re
from pathlib import PurePath

from tests.architecture.source import FLOORS, bound_names, sources, told

# Part of a name -> what this house says instead. Only words that have no honest other use here.
NEVER_SAY = {
    "util": "the noun that the function is about",
    "utils": "the noun that the functions are about",
    "helper": "what it does",
    "helpers": "what they do",
    "misc": "the noun",
    "manager": "what it does: Runner, Lane, Follower, Ledger",
    "offset": "position (journal), checkpoint (chain)",
    "height": "block number, or checkpoint",
    "seq": "version, position or nonce: say which counter",
    "lastid": "position",
    "org": "company",
    "tenant": "company",
    "merchant": "issuer",
    "backer": "investor",
    "pledge": "commitment",
    "whitelist": "wallet eligibility",
    "saga": "process",
    "resync": "rebuild",
    "mempool": "what the node holds back",
}
# Whole names only: as a part they may be honest (a database's own user, a process's own user).
NEVER_NAMED = {"user": "investor, issuer, client, auditor or operator", "last_id": "position", "user_id": "actor"}
EXCUSED = {
    "ops/stack/part.py": {"user"},  # a user of the operating system
    "ops/stack/postgres.py": {"user"},
    "ops/demo/display.py": {"height"},  # of a terminal
    "chain_writer/transactions.py": {"offset"},  # EIP-155's own
}


def words_of(name: str) -> list[str]:
    """`gasPriceMax`, `GAS_PRICE_MAX` and `gas_price_max` are the same three words."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]


def test_names_keep_to_the_words_of_the_house() -> None:
    wrong = []
    for source in sources(*FLOORS):
        excused = EXCUSED.get(source.path, set())
        for node, name in bound_names(source):
            if name in NEVER_NAMED and name not in excused:
                wrong.append(f"{source.at(node)}: {name}: say {NEVER_NAMED[name]}")
            wrong += [
                f"{source.at(node)}: {name}: instead of {word} say {NEVER_SAY[word]}"
                for word in words_of(name)
                if word in NEVER_SAY and word not in excused
            ]
    assert not wrong, told(wrong, "The word table is ops/docs/glossary.md.")


def test_files_keep_to_the_words_of_the_house() -> None:
    framework = {"common", "models", "serializers", "tasks", "services", "core", "shared", "base"}
    wrong = [
        source.path
        for source in sources(*FLOORS)
        for part in PurePath(source.path).with_suffix("").parts
        if part in framework or set(words_of(part)) & set(NEVER_SAY)
    ]
    assert not wrong, told(
        wrong, "A file is named for the noun of the business that it is about, not for its framework."
    )


def test_words_are_told_apart_in_any_spelling() -> None:
    assert words_of("gasPriceMax") == words_of("GAS_PRICE_MAX") == ["gas", "price", "max"]
    assert words_of("NFTManager2") == ["nft", "manager", "2"]
