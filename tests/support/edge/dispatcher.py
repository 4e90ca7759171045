"""From the bytes of a request to the bytes of its answer: what Edge's dispatcher does, whatever the transport."""

from __future__ import annotations

from typing import Any

import msgspec

from tests.support.edge import faults as f
from tests.support.edge.faults import Planned
from tests.support.edge.node import EdgeNode, View
from tests.support.edge.wire import (
    Answer,
    Call,
    Failure,
    Malformed,
    document,
    encode,
    handler_failed,
)

INVALID_REQUEST = handler_failed("Invalid json request")
BATCH_TOO_LONG = handler_failed("Batch request length too long")


class Reply(msgspec.Struct, frozen=True):
    """What goes back over HTTP."""

    body: bytes
    status: int = 200
    content_type: str = "application/json"
    retry_after: str = ""


class Dispatcher:
    def __init__(self, node: EdgeNode) -> None:
        self._node = node

    async def dispatch(self, body: bytes, request: Call | list[Call] | Malformed, planned: Planned | None) -> Reply:
        """The reply to one request. Raises Panic if the connection closes instead."""
        fault = planned.fault if planned else f.Passes()
        if self._is_anvils(request):
            response = await self._node.anvil.pass_on(body)
            return Reply(response.content, response.status_code, response.headers.get("content-type", ""))
        view = await self._node.look(behind=fault.blocks if isinstance(fault, f.Behind) else 0)
        if isinstance(request, Malformed):
            return Reply(encode(self._invalid(request)))
        calls = request if isinstance(request, list) else [request]
        limit = self._node.dialect.calls_per_batch_max
        if isinstance(request, list) and limit and len(request) > limit:
            return Reply(encode(self._document(BATCH_TOO_LONG, nameless=True)))
        documents = [await self._answered(call, view, planned) for call in calls]
        if documents:
            documents = f.spoiled(documents, fault)
        return Reply(encode(documents if isinstance(request, list) else documents[0]))

    def _is_anvils(self, request: Call | list[Call] | Malformed) -> bool:
        """What is no plain JSON-RPC request goes to anvil as it is, if errors are to be anvil's."""
        if self._node.dialect.error_codes:
            return False
        if isinstance(request, Malformed) or not request:
            return True
        calls = request if isinstance(request, list) else [request]
        return any(call.id is msgspec.UNSET for call in calls)

    async def _answered(self, call: Call, view: View, planned: Planned | None) -> dict[str, Any]:
        if planned and isinstance(planned.fault, f.Refuses) and planned.method in (f.ANY, call.method):
            return self._document(Failure(planned.fault.code, planned.fault.message), id_=call.id)
        return self._document(await self._node.answer(call, view), id_=call.id)

    def _invalid(self, request: Malformed) -> dict[str, Any]:
        return self._document(INVALID_REQUEST, id_=request.id, nameless=request.id is msgspec.UNSET)

    def _document(self, answer: Answer, *, id_: Any = None, nameless: bool = False) -> dict[str, Any]:
        return document(answer, id_=id_, with_id=not (nameless and self._node.dialect.error_codes))


def methods_of(request: Call | list[Call] | Malformed) -> list[str]:
    if isinstance(request, Malformed):
        return []
    return [call.method for call in request] if isinstance(request, list) else [request.method]
