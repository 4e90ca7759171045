"""The tables of the contracts' page, from ABIs, sources and gas: `python -m abis.tables ops/docs/contracts.md`."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from abis import logs
from abis.artifacts import abi_of
from abis.calls import selector
from abis.generation import CONTRACTS
from abis.hashing import keccak

EDGE_BLOCK_GAS, LARGE_BLOCK_GAS, BLOCK_S = 5_242_880, 30_000_000, 2
ENTRIES_PER_ANCHOR = 1_000  # what the anchors' rows reckon with; an anchor of more costs the same

# Records a second, one a transaction and in batches, of the designs that were to choose from: bare contracts, without
# roles, caps or sums, in Polygon Edge's default blocks.
DESIGNS: dict[str, tuple[str, str]] = {
    "a full record in three words, and a log": ("28", "37"),
    "a digest in one word, and a log": ("53", "~100"),
    "a bit of a bitmap, by a dense number, and a log": ("", "~655"),
    "an anchored root": ("", "~56,000"),
}

# What the libraries under the contracts say. No source of theirs is here.
_OF_LIBRARIES = {
    "AccessControlBadConfirmation": "A role is renounced by its own holder only.",
    "AccessControlEnforcedDefaultAdminDelay": "The admin changes after a delay, which is not over.",
    "AccessControlEnforcedDefaultAdminRules": "The admin's role is handed over in two steps, and by nobody else.",
    "AccessControlInvalidDefaultAdmin": "This account cannot be the admin.",
    "AccessControlUnauthorizedAccount": "The sender lacks the role that the call asks for.",
    "ERC721IncorrectOwner": "The certificate is not held by the account named.",
    "ERC721InsufficientApproval": "The sender neither holds the certificate nor was allowed to move it by its holder.",
    "ERC721InvalidApprover": "Only the holder allows others.",
    "ERC721InvalidOperator": "Nobody cannot be allowed.",
    "ERC721InvalidOwner": "Nobody has no balance.",
    "ERC721InvalidReceiver": "The receiver cannot take a certificate.",
    "ERC721InvalidSender": "The certificate is held already.",
    "ERC721NonexistentToken": "Nobody holds this certificate.",
    "EnforcedPause": "The admin has paused the factory: no campaign is created.",
    "ExpectedPause": "The factory is not paused.",
    "FailedDeployment": "The clone could not be made.",
    "InsufficientBalance": "The contract has too little coin for it.",
    "ReentrancyGuardReentrantCall": "A call came back while another was under way.",
    "SafeCastOverflowedUintDowncast": "A number does not fit.",
}
_LOGS_OF_LIBRARIES = {
    "Approval": "The holder allows an account to move the certificate, once the registrar approves it.",
    "ApprovalForAll": "The same, for all certificates of a holder.",
    "DefaultAdminDelayChangeCanceled": "The delay stays as it was.",
    "DefaultAdminDelayChangeScheduled": "The delay of a change of the admin will be another.",
    "DefaultAdminTransferCanceled": "The admin stays.",
    "DefaultAdminTransferScheduled": "Another admin may take over after the delay.",
    "Paused": "The admin has paused the factory.",
    "RoleAdminChanged": "Another role gives and takes this one.",
    "RoleGranted": "An account has a role.",
    "RoleRevoked": "An account has lost a role.",
    "Transfer": "ERC-721: a certificate changes hands; from nobody when issued, to nobody when taken back.",
    "Unpaused": "The admin has ended the pause of the factory.",
}
_GROUPS = {  # a campaign has no roles of its own, and an anchor no keys
    frozenset(CONTRACTS) - {"CampaignImplementation"}: "all with roles",
    frozenset(CONTRACTS) - {"JournalAnchor"}: "all that record",
}
_DECLARED = re.compile(r"((?: *///[^\n]*\n)+) *(error|event) (\w+)\(")


def gas() -> dict[str, int]:
    """The gas of each call, as the tests measured it."""
    return msgspec.json.decode(files("abis").joinpath("gas.json").read_bytes(), type=dict[str, int])


def writes() -> str:
    """Every write with its gas, and the records a second that blocks of two sizes hold of it."""
    rows = [_write(name, cost, records=_records(name)) for name, cost in gas().items()]
    return _table(("Write", "Gas", "Gas a record", "Records/s, block of 5,242,880", "of 30,000,000"), rows)


def _write(name: str, cost: int, *, records: int) -> tuple[str, ...]:
    rates = (_rate(cost, records, block_gas) for block_gas in (EDGE_BLOCK_GAS, LARGE_BLOCK_GAS))
    return f"`{name.partition(' ')[0].rstrip(',')}`{_rest(name)}", f"{cost:,}", f"{cost // records:,}", *rates


def _rest(name: str) -> str:
    """What a row of the gas table says beside the call: its members, and of what."""
    call, _, rest = name.partition(" ")
    said = f"{',' if call.endswith(',') else ''} {rest}" if rest else ""
    return re.sub(r"^ (\d+)", lambda found: f" of {found[1]}", said)


def _records(name: str) -> int:
    if name.startswith("anchor"):
        return ENTRIES_PER_ANCHOR
    members = re.search(r" (\d+)", name)
    return int(members[1]) if members else 1


def _rate(cost: int, records: int, block_gas: int) -> str:
    """Whole calls only: a block holds no half of one."""
    return f"{block_gas // cost * records // BLOCK_S:,}"


def designs() -> str:
    """The designs to choose from, and what this house does by which."""
    table = gas()
    recorded = _rate(table["recordInvestments 1"], 1, EDGE_BLOCK_GAS), _growing("recordInvestments")
    issued = _rate(table["issueCertificates 1"], 1, EDGE_BLOCK_GAS), _growing("issueCertificates")
    refunded = _rate(table["recordRefunds 1, failed"], 1, EDGE_BLOCK_GAS), _growing("recordRefunds", of=", failed")
    anchored = _rate(table["anchor, a million to 1.1 million"], ENTRIES_PER_ANCHOR, EDGE_BLOCK_GAS)
    ours = {
        "a full record in three words, and a log": [("`issueCertificates`", *issued)],
        "a digest in one word, and a log": [("`recordInvestments`", *recorded), ("`recordRefunds`", *refunded)],
        "an anchored root": [("`anchor`, a proof of 16", "", anchored)],
    }
    rows: list[tuple[str, ...]] = []
    for design, bare in DESIGNS.items():
        rows.append((design, "bare", *bare))
        rows.extend((design, *row) for row in ours.get(design, []))
    return _table(("Design", "Measured", "Records/s, one a transaction", "in batches"), rows)


def _growing(call: str, *, of: str = "") -> str:
    """The rate of batches that grow until they fill a block: what each further member costs decides."""
    table = gas()
    one, twenty = table[f"{call} 1{of}"], table[f"{call} 20{of}"]
    member = (twenty - one) // 19
    return f"{((EDGE_BLOCK_GAS - one) // member + 1) // BLOCK_S:,}"


def errors() -> str:
    """Every custom error, by name: how it is told from others, who may say it, what it means."""
    known = {**_OF_LIBRARIES, **_said("error")}
    rows = (
        (f"`{signature}`", f"`0x{selector(signature).hex()}`", _places(places), known[signature.partition("(")[0]])
        for signature, places in _declared("error")
    )
    return _table(("Error", "Selector", "Of", "What it means"), rows)


def log_kinds() -> str:
    """Every log, by name: its first topic, who emits it, as what it is read, what it means."""
    known = {**_LOGS_OF_LIBRARIES, **_said("event")}
    rows = (
        (
            f"`{declaration}`",
            f"`0x{_signature(declaration).hex()[:8]}…`",
            _places(places),
            _reading(declaration),
            known[declaration.partition("(")[0]],
        )
        for declaration, places in _declared("event")
    )
    return _table(("Log", "Signature", "Of", "Read as", "What it means"), rows)


def _declared(kind: str) -> list[tuple[str, list[str]]]:
    """The errors or events of all contracts with the contracts that have them, by name."""
    found: dict[str, list[str]] = {}
    for contract in CONTRACTS:
        for item in abi_of(contract):
            if item["type"] == kind:
                found.setdefault(_text(item), []).append(contract)
    return sorted(found.items(), key=lambda row: row[0].lower())


def _text(item: dict[str, Any]) -> str:
    types = (argument["type"] + " indexed" * argument.get("indexed", False) for argument in item["inputs"])
    return f"{item['name']}({','.join(types)})"


def _signature(declaration: str) -> bytes:
    return keccak(declaration.replace(" indexed", "").encode("ascii"))


def _reading(declaration: str) -> str:
    """The fields under which `abis.logs` gives a log; nothing of what is shown as foreign."""
    kinds = {text: kind for kind, text in logs.DECLARATIONS.items()}
    kind = kinds.get(declaration)
    return ", ".join(f"`{name}`" for name in kind.__struct_fields__) if kind is not None else "foreign"


def _said(kind: str) -> dict[str, str]:
    """What the comments of the sources say of each error or event."""
    found: dict[str, str] = {}
    for source in sorted(files("abis").joinpath("contracts").iterdir(), key=lambda file: file.name):
        for comment, of, name in _DECLARED.findall(source.read_text()):
            if of == kind:
                lines = (line.strip().removeprefix("///").strip() for line in comment.strip().splitlines())
                found.setdefault(name, " ".join(lines))
    return found


def _places(contracts: Iterable[str]) -> str:
    named = frozenset(contracts)
    return _GROUPS.get(named) or ", ".join(f"`{name}`" for name in CONTRACTS if name in named)


TABLES: dict[str, Callable[[], str]] = {"writes": writes, "designs": designs, "errors": errors, "logs": log_kinds}
_BLOCK = re.compile(r"(<!-- table of (?P<name>[a-z]+) -->\n).*?(<!-- end of table -->)", re.DOTALL)


def filled(page: str) -> str:
    """The page with its tables as they are now."""
    return _BLOCK.sub(lambda found: f"{found[1]}\n{TABLES[found['name']]()}\n{found[3]}", page)


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = list(heads)
    return "".join(f"| {' | '.join(line)} |\n" for line in [names, ["---"] * len(names), *rows])


def main() -> None:
    page = Path(sys.argv[1])
    page.write_text(filled(page.read_text()))


if __name__ == "__main__":
    main()
