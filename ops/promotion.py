"""A rebuilt generation takes the place of the living one: proposed from a comparison without a difference, approved by
another person. Both ask the API, each with a key of their own: it is the key that says who they are."""

from __future__ import annotations

import sys
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import msgspec

from abis import Generation
from domain.journal import JournalReader
from domain.ledger import ChainLedger, generation_id
from domain.ledger.standing import standing
from domain.topics import codec
from ops.chain_rebuild import ChainRebuild, RebuildRefused, Rebuilt
from ops.errors import OperatorError
from ops.reconcile.generations import Compared
from ops.settings import Settings, SettingsInvalid
from ops.tables import print_json

ANSWER_S_MAX = 30.0
KEY_BYTES_MAX = 4_096
REPORT_BYTES_MAX = 64 * 1024 * 1024
LEDGER = "/v1/chain-ledger"


class PromotionRefused(OperatorError):
    """The promotion is not proposed or approved. The text says why."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What the second person reads before approving: the generation, and the comparison that it came through."""

    generation_id: str
    generation: Generation
    living: str
    entries: int
    compared: Compared


class Proposed(msgspec.Struct, frozen=True, kw_only=True):
    """The answer. `report` is the file to read and to approve, `report_hash` its SHA-256."""

    generation_id: str
    compared_position: int
    position: int
    report: str
    report_hash: str


class Promoted(msgspec.Struct, frozen=True, kw_only=True):
    """The answer: where the promotion stands in the journal, and the file of the generation that lives since."""

    generation_id: str
    position: int
    chain_id: int
    file: str


def propose(settings: Settings, again: ChainRebuild, rebuilt: Rebuilt, *, key: str) -> Proposed:
    """Propose what a rebuild made, if nothing differs. Raises PromotionRefused or RebuildRefused."""
    if not rebuilt.ok:
        raise PromotionRefused(
            f"{len(rebuilt.compared.differences) + len(rebuilt.refused)} things differ, so that nothing is proposed:"
            " `chain rebuild` names them. What is on its way may differ for a moment: try again when the house is quiet"
        )
    generation = Generation.load(Path(rebuilt.file))
    path, digest = _write(settings, again, generation, rebuilt)
    body = {
        "generation": msgspec.to_builtins(generation),
        "living": str(generation_id(settings.generation())),
        "compared_position": rebuilt.compared.journal_position,
        "report_hash": digest,
    }
    answer = _ask(settings, key, f"{LEDGER}:propose-promotion", body)
    _check_coin(settings, again, key)
    return Proposed(
        generation_id=str(generation_id(generation)),
        compared_position=rebuilt.compared.journal_position,
        position=int(answer["position"]),
        report=str(path),
        report_hash=digest,
    )


def promote(settings: Settings, report: Path, *, key: str) -> Promoted:
    """Approve the proposal that this report is of. Raises PromotionRefused."""
    try:
        with report.open("rb") as file:
            content = file.read(REPORT_BYTES_MAX)
        told = msgspec.json.decode(content, type=Report)
    except (OSError, msgspec.MsgspecError) as error:
        raise PromotionRefused(f"{report} is not the report of a proposal: {error}") from None
    body = {"generation_id": told.generation_id, "report_hash": sha256(content).hexdigest()}
    answer = _ask(settings, key, f"{LEDGER}:approve-promotion", body)
    return Promoted(
        generation_id=told.generation_id,
        position=int(answer["position"]),
        chain_id=told.generation.chain_id,
        file=str(report.with_name("generation.json")),
    )


def withdraw(settings: Settings, reason: str, *, key: str) -> int:
    """Withdraw the proposal that stands; the position at which it is withdrawn."""
    proposal = _standing(settings).proposal
    about = proposal.report_hash if proposal is not None else ""
    return int(_ask(settings, key, f"{LEDGER}:withdraw-promotion", {"reason": reason}, about=about)["position"])


def show(settings: Settings, *, as_json: bool) -> None:
    """The generations as the journal knows them: which one lives, which ended, which one is proposed."""
    ledger = _standing(settings)
    if as_json:
        print_json(ledger)
        return
    named = generation_id(settings.generation())
    living = ledger.living
    sys.stdout.write(f"living:   {living.id if living else f'{named} (nothing was promoted yet)'}\n")
    for past in ledger.past:
        sys.stdout.write(f"ended:    {past}\n")
    if ledger.proposal is not None:
        proposal = ledger.proposal
        sys.stdout.write(
            f"proposed: {proposal.generation.id} by {proposal.proposer}, compared up to"
            f" position {proposal.compared_position}, report {proposal.report_hash}\n"
        )


def key_of(settings: Settings, file: Path | None, *, role: str) -> str:
    """The key in a file, or a local stack's own key of a role. Raises SettingsInvalid."""
    path = file or settings.home / "api-keys.json"
    if file is None and not settings.local:
        raise SettingsInvalid("--key-file is needed: a file with the API key of the person who decides")
    try:
        with path.open("rb") as opened:
            content = opened.read(KEY_BYTES_MAX)
    except OSError as error:
        raise SettingsInvalid(f"{path} cannot be read: {error.strerror}") from None
    if file is None:
        kept: dict[str, str] = msgspec.json.decode(content)
        return kept[role]
    return content.decode("ascii", "replace").strip()


def _write(settings: Settings, again: ChainRebuild, generation: Generation, rebuilt: Rebuilt) -> tuple[Path, str]:
    """Write the report down beside the generation's file. Its path and its SHA-256."""
    report = Report(
        generation_id=str(generation_id(generation)),
        generation=generation,
        living=str(generation_id(settings.generation())),
        entries=rebuilt.entries,
        compared=rebuilt.compared,
    )
    content = msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"
    path = again.folder / f"comparison-{rebuilt.compared.journal_position}.json"
    path.write_bytes(content)
    return path, sha256(content).hexdigest()


def _check_coin(settings: Settings, again: ChainRebuild, key: str) -> None:
    """From the proposal on no campaign in coin is approved; one that was, since the comparison, takes it back."""
    try:
        again.check_movable()
    except RebuildRefused:
        withdraw(settings, "a campaign in the chain's own coin was approved meanwhile", key=key)
        raise


def _standing(settings: Settings) -> ChainLedger:
    with closing(JournalReader(settings.dsn("api"), codec=codec())) as reader:
        return standing(reader)


def _ask(settings: Settings, key: str, path: str, body: dict[str, Any], *, about: str = "") -> dict[str, Any]:
    """Give a command. The same one again is the same command: its name follows from what it says, and `about` what."""
    url = f"http://{settings.api_host}:{settings.api_port}" if settings.local else settings.public_url
    if not url:
        raise SettingsInvalid("TANDEM_PUBLIC_URL is not set: it says where the API is asked")
    name = sha256(msgspec.json.encode([path, body, about], order="sorted")).hexdigest()
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": f"promotion-{name}"}
    try:
        response = httpx.post(f"{url}{path}", json=body, headers=headers, timeout=ANSWER_S_MAX)
    except httpx.HTTPError as error:
        raise PromotionRefused(
            f"the API at {url} does not answer ({error}): try again, nothing happens twice"
        ) from None
    answer: dict[str, Any] = response.json()
    if not response.is_success:
        raise PromotionRefused(f"{answer.get('code', response.status_code)}: {answer.get('detail', answer)}")
    return answer
