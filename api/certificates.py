"""The documents of share certificates, for whoever follows a token URI: the very bytes that their hashes are of.

No key is needed, because wallets and explorers have none. A document says nothing of the holder, nor of any person.
"""

from __future__ import annotations

import asyncio
import re
from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from abis import certificates
from api.errors import TryAgain
from api.questions import BOOK_AFTER_S, QUESTION_S_MAX, Sources
from api.reads.page import nothing
from domain.investment import SharesAllotted

PATH: Final = "/v1/certificates/{id}/metadata"
MEDIA_TYPE: Final = "application/json"
# A document is made from one entry, which never changes, and so neither does what is served here.
FOR_EVER: Final = "public, max-age=31536000, immutable"

_ID = re.compile(r"[0-9a-fA-F]{32}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)


class Certificates:
    """Answers `GET` of a certificate's document, by the investment's id with or without its dashes."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    async def answer(self, request: Request) -> Response:
        """Raises NothingThere before the allotment, TryAgain if the database takes too long."""
        given = request.path_params["id"]
        if not _ID.fullmatch(given):
            nothing("certificate", given[:100])
        try:
            async with asyncio.timeout(QUESTION_S_MAX):
                document = await self._document(UUID(given))
        except TimeoutError:
            detail = f"there was no answer within {QUESTION_S_MAX:.0f} s"
            raise TryAgain("answer-late", detail, after_s=BOOK_AFTER_S) from None
        tag = etag(document)
        # Wallets that are pages of other origins may read it, too.
        headers = {"ETag": tag, "Cache-Control": FOR_EVER, "Access-Control-Allow-Origin": "*"}
        if _is_known(request.headers.get("If-None-Match", ""), tag):
            return Response(status_code=304, headers=headers)
        return Response(document, media_type=MEDIA_TYPE, headers=headers)

    async def _document(self, investment_id: UUID) -> bytes:
        row = await self._sources.book.investment(investment_id)
        if row is None or row.allotted_position is None:
            nothing("certificate", investment_id)
        position = row.allotted_position
        entry = await self._sources.journal.ask(lambda reader: reader.entry(position))
        assert entry is not None, "the book knows no entry that the journal does not hold"
        assert isinstance(entry.event, SharesAllotted)
        return certificates.document(
            investment_id=entry.stream,
            campaign_id=entry.event.campaign_id,
            shares=entry.event.shares,
            entry=entry.leaf,
        )


def etag(document: bytes) -> str:
    """The hash as the token URI writes it."""
    return f'"sha256-192={certificates.content_hash(document).hex()}"'


def _is_known(given: str, tag: str) -> bool:
    """Whether If-None-Match names this document (RFC 9110, section 13.1.2: compared weakly)."""
    named = {name.strip().removeprefix("W/") for name in given.split(",")}
    return tag in named or given.strip() == "*"
