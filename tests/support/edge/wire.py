"""JSON-RPC as bytes: requests taken apart, answers put together. Knows nothing of any node."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

HANDLER_FAILED = -32600  # Edge: any error of any handler, and an invalid request
METHOD_MISSING = -32601
PARAMS_WRONG = -32602


class Call(msgspec.Struct, frozen=True):
    method: str
    params: Any = msgspec.UNSET
    id: Any = msgspec.UNSET

    def with_params(self, *params: Any) -> Call:
        return Call(self.method, list(params), self.id)


class Result(msgspec.Struct, frozen=True):
    value: Any


class Failure(msgspec.Struct, frozen=True):
    code: int
    message: str
    data: Any = msgspec.UNSET


Answer = Result | Failure


class Malformed(msgspec.Struct, frozen=True):
    """No JSON-RPC. `id` is what could still be told of it."""

    id: Any = msgspec.UNSET


class Panic(Exception):
    """The node's handler panicked: the connection is closed and there is no answer."""


class NodeDied(Panic):
    """A goroutine without recover panicked: the whole process is gone."""


def handler_failed(message: str) -> Failure:
    return Failure(HANDLER_FAILED, message)


PARAMS_INVALID = Failure(PARAMS_WRONG, "Invalid Params")


def read(body: bytes) -> Call | list[Call] | Malformed:
    """A call, a batch of calls, or neither."""
    try:
        document = msgspec.json.decode(body)
    except msgspec.MsgspecError:
        return Malformed()
    if isinstance(document, list):
        calls = [_call(member) for member in document]
        return [call for call in calls if isinstance(call, Call)] if _all_calls(calls) else Malformed()
    return _call(document)


def _all_calls(members: Sequence[Call | Malformed]) -> bool:
    return all(isinstance(member, Call) for member in members)


def _call(document: Any) -> Call | Malformed:
    if not isinstance(document, dict):
        return Malformed()
    method = document.get("method")
    if not isinstance(method, str) or not method:
        return Malformed(document.get("id", msgspec.UNSET))
    return Call(method, document.get("params", msgspec.UNSET), document.get("id", msgspec.UNSET))


def document(answer: Answer, *, id_: Any = None, with_id: bool = True) -> dict[str, Any]:
    """One answer as JSON-RPC prescribes it; without an id if Edge gives none."""
    whole: dict[str, Any] = {"jsonrpc": "2.0"}
    if with_id:
        whole["id"] = None if id_ is msgspec.UNSET else id_
    if isinstance(answer, Result):
        whole["result"] = answer.value
        return whole
    whole["error"] = {"code": answer.code, "message": answer.message}
    if answer.data is not msgspec.UNSET:
        whole["error"]["data"] = answer.data
    return whole


def encode(documents: Any) -> bytes:
    return msgspec.json.encode(documents)


def request(call: Call) -> dict[str, Any]:
    """A call as it is sent on."""
    asked: dict[str, Any] = {"jsonrpc": "2.0", "id": 1, "method": call.method}
    if call.params is not msgspec.UNSET:
        asked["params"] = call.params
    return asked


def answer_of(document_: Any) -> Answer:
    """What a node's answer says."""
    error = document_.get("error")
    if error is not None:
        return Failure(error["code"], error["message"], error.get("data", msgspec.UNSET))
    return Result(document_.get("result"))
