"""Personal data over HTTP: kept and read by its person, read by compliance with a reason, exported whole."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from api import answers as a
from api.bodies import Body, read_body
from api.desk import Desk
from api.errors import Fault, NothingThere, PersonDamaged, PersonGone, RequestUnacceptable, RightMissing, TryAgain
from api.keys import Key
from api.persons import PersonBody, TextBody
from api.questions import Sources
from api.reading import read_object
from api.requests import body_bytes, path_ids
from api.sealing import KekMissing, VaultDamaged
from api.vault import Kept, PersonErased, PersonMoved, Vault
from domain.investor import Investor
from domain.journal import Entry, JournalReader, Ledger
from domain.values import check_text

log = logging.getLogger(__name__)

PERSONAL = "/v1/investors/{id}/personal-data"
REASON = "X-Reason"
ROWS_PER_PAGE = 200
PERSONAL_S_MAX = 15.0
BOOK_WAIT_S_MAX = 5.0
AGAIN_AFTER_S = 1
SEATS_STALE_MAX = 4  # more than the vault has

_REASON = re.compile(r"[\x20-\x7e]{1,200}", re.ASCII)


class PersonalData(a.Answer, frozen=True, kw_only=True):
    """What is kept of a person, and which revision of it this is; none of it is in the journal or on the chain."""

    id: UUID
    fields: dict[str, str]
    revision: int


class Evidence(a.Answer, frozen=True, kw_only=True):
    """A text's hash under the person's key: it may stand in the journal, and says nothing once the key is destroyed."""

    id: UUID
    evidence: str


class PersonalReading(a.Answer, frozen=True, kw_only=True):
    """Somebody read a person's data on another's behalf."""

    reader: str
    reason: str
    at: datetime


class PersonalExport(a.Answer, frozen=True, kw_only=True):
    """All there is about a person: what is kept of them, who else read it, and every entry under their opaque ids.

    Revision 0 says that nothing is kept. `position` is how far the journal was read.
    """

    id: UUID
    position: int
    fields: dict[str, str]
    revision: int
    readings: list[PersonalReading]
    investments: list[UUID]
    payments: list[UUID]
    entries: list[a.Entry]


Found = TypeVar("Found")
Take = Callable[["Personal", Request, Key, UUID], Awaitable[msgspec.Struct]]


class PersonalRoute(msgspec.Struct, frozen=True, kw_only=True):
    """One way to a person's data, as a route."""

    method: str
    path: str
    name: str
    summary: str
    take: Take
    answer: type[a.Answer]
    roles: frozenset[str]
    body: type[Body] | None = None


class Personal:
    """Answers every request about personal data."""

    def __init__(self, vault: Desk[Vault], ledger: Ledger, sources: Sources) -> None:
        self._vault = vault
        self._ledger = ledger
        self._sources = sources

    async def answer(self, route: PersonalRoute, request: Request, key: Key) -> Response:
        """Let in, and answer. Raises what `api.problems` knows to tell."""
        if route.roles.isdisjoint(key.roles):
            allowed = ", ".join(sorted(route.roles))
            raise RightMissing("role-not-allowed", f"this is for {allowed}", fields={"roles": sorted(route.roles)})
        subject = path_ids(request.path_params)["id"]
        try:
            async with asyncio.timeout(PERSONAL_S_MAX):
                found = await route.take(self, request, key, subject)
        except TimeoutError:
            detail = f"there was no answer within {PERSONAL_S_MAX:.0f} s"
            raise TryAgain("answer-late", detail, after_s=AGAIN_AFTER_S) from None
        except PersonErased:
            raise PersonGone("erased", "the personal data of this investor is erased") from None
        except PersonMoved:
            detail = "this data is being changed by another request"
            raise TryAgain("still-recording", detail, after_s=AGAIN_AFTER_S) from None
        except VaultDamaged as damage:
            log.error("the vault is damaged: %s", damage)  # noqa: TRY400  # the place in our code says nothing
            raise PersonDamaged("vault-damaged", f"what is kept of {subject} does not open") from None
        return Response(msgspec.json.encode(found), media_type="application/json")

    async def put(self, request: Request, key: Key, subject: UUID) -> PersonalData:
        await self._own(key, subject)
        body = read_body(PersonBody, read_object(await body_bytes(request)))
        fields = {name: value for name, value in body.model_dump().items() if value is not None}
        for name, text in fields.items():
            check_text(text, name=name)
        if not fields:
            raise RequestUnacceptable("body-not-acceptable", "name at least one field of the person")
        revision = await self._ask(lambda vault: vault.put(subject, fields))
        return PersonalData(id=subject, fields=fields, revision=revision)

    async def read(self, request: Request, key: Key, subject: UUID) -> PersonalData:
        kept = await self._kept(request, key, subject)
        if kept is None:
            raise _nothing(subject)
        return PersonalData(id=subject, fields=kept.fields, revision=kept.revision)

    async def _kept(self, request: Request, key: Key, subject: UUID) -> Kept | None:
        """What is kept of a person, for whoever may read it; a reading by compliance is written down first."""
        investor = await self._investor(subject)
        if key.principal == investor.owner:
            return await self._ask(lambda vault: vault.read(subject))
        if "compliance" not in key.roles:
            raise RightMissing("not-yours", "this investor is another client's")
        reason = _reason(request)
        return await self._ask(lambda vault: vault.read_for(subject, reader=key.principal, reason=reason))

    async def evidence(self, request: Request, key: Key, subject: UUID) -> Evidence:
        await self._own(key, subject)
        body = read_body(TextBody, read_object(await body_bytes(request)))
        assert isinstance(body, TextBody)
        found = await self._ask(lambda vault: vault.evidence(subject, body.text))
        if found is None:
            raise _nothing(subject)
        return Evidence(id=subject, evidence=found)

    async def export(self, request: Request, key: Key, subject: UUID) -> PersonalExport:
        kept = await self._kept(request, key, subject)
        readings = await self._ask(lambda vault: vault.readings(subject))
        position = await self._book_whole()
        book = self._sources.book
        investments = await _every_id(partial(book.investments, investor_id=subject))
        payments: list[UUID] = []
        for each in investments:
            payments += await _every_id(partial(book.payments, investment_id=each))
        entries: list[a.Entry] = []
        for stream in (subject, *investments, *payments):
            found = await self._sources.journal.ask(partial(_entries_of, stream=stream))
            entries.extend(a.entry(entry) for entry in found)
        return PersonalExport(
            id=subject,
            position=position,
            fields=kept.fields if kept else {},
            revision=kept.revision if kept else 0,
            readings=[PersonalReading(reader=r.reader, reason=r.reason, at=r.read_at) for r in readings],
            investments=investments,
            payments=payments,
            entries=entries,
        )

    async def _book_whole(self) -> int:
        """Wait until the book, which knows whose investments and payments are whose, has all that is recorded now."""
        head = await self._sources.journal.ask(lambda reader: reader.head())
        if not await self._sources.book.wait(head, timeout_s=BOOK_WAIT_S_MAX):
            raise TryAgain("book-behind", f"the book is not yet at {head}", after_s=AGAIN_AFTER_S)
        return head

    async def _ask(self, question: Callable[[Vault], Found]) -> Found:
        """Put a question to the vault. A seat with keys from before a rotation is left for a new one."""
        for _ in range(SEATS_STALE_MAX):
            try:
                return await self._vault.ask(question)
            except KekMissing:
                continue
        return await self._vault.ask(question)

    async def _own(self, key: Key, subject: UUID) -> None:
        if key.principal != (await self._investor(subject)).owner:
            raise RightMissing("not-yours", "this investor is another client's")

    async def _investor(self, subject: UUID) -> Investor:
        versioned = await asyncio.to_thread(self._ledger.load, subject)
        if versioned is None or not isinstance(versioned[0], Investor):
            raise _nothing(subject)
        if versioned[0].erased:
            raise PersonErased  # also before the key is gone
        return versioned[0]


async def _every_id(read: Callable[..., Awaitable[Sequence[Any]]]) -> list[UUID]:
    """The ids of all rows that a reader of the book gives page by page."""
    found: list[UUID] = []
    after = 0
    while rows := await read(after=after, limit=ROWS_PER_PAGE):
        found.extend(row.id for row in rows)
        after = rows[-1].position
    return found


def _entries_of(reader: JournalReader, *, stream: UUID) -> list[Entry]:
    return reader.stream(stream)


def _nothing(subject: UUID) -> NothingThere:
    fields: dict[str, Any] = {"kind": "personal data", "id": str(subject)}
    return NothingThere("not-found", f"nothing is kept of {subject}", fields=fields)


def _reason(request: Request) -> str:
    given = request.headers.get(REASON, "")
    if not _REASON.fullmatch(given):
        message = f"reading another's data needs {REASON}: 1 to 200 printable ASCII, kept for the person and auditors"
        raise RequestUnacceptable("header-not-acceptable", message, faults=[Fault(REASON, "missing", message)])
    return given


_READERS = frozenset({"investor", "compliance"})
_OWNER = frozenset({"investor"})

PERSONAL_ROUTES: tuple[PersonalRoute, ...] = (
    PersonalRoute(
        method="PUT",
        path=PERSONAL,
        name="put_personal_data",
        summary="Keep what is known of a person, sealed under a key of their own.",
        take=Personal.put,
        answer=PersonalData,
        roles=_OWNER,
        body=PersonBody,
    ),
    PersonalRoute(
        method="GET",
        path=PERSONAL,
        name="read_personal_data",
        summary="A person's data: for its owner, or for compliance with a reason that is written down.",
        take=Personal.read,
        answer=PersonalData,
        roles=_READERS,
    ),
    PersonalRoute(
        method="GET",
        path=f"{PERSONAL}/export",
        name="export_personal_data",
        summary="All there is about a person, as one document.",
        take=Personal.export,
        answer=PersonalExport,
        roles=_READERS,
    ),
    PersonalRoute(
        method="POST",
        path=f"{PERSONAL}:evidence",
        name="make_evidence",
        summary="The keyed hash of a text, for commands that name evidence about a person.",
        take=Personal.evidence,
        answer=Evidence,
        roles=_OWNER,
        body=TextBody,
    ),
)
