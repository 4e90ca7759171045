"""The front of the API: every request gets an id, an answer whatever happens behind, a line in the log and a count."""

from __future__ import annotations

import logging
from collections.abc import Callable
from uuid import UUID

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from api.metrics import Metrics
from api.problems import Problem

log = logging.getLogger(__name__)
access = logging.getLogger("api.access")

PATH_CHARS_MAX = 300  # of a path in the log
NO_ROUTE = "(none)"
CLIENT_GONE = 499  # for the log only: nobody is there to be told

# What every answer says to whoever keeps or shows it, unless it says that itself.
COMMON_HEADERS = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]


class Seen(msgspec.Struct):
    """What is learnt of a request on its way, for the log and the metrics. Never a token or a body."""

    request_id: str
    route: str = NO_ROUTE
    principal: str | None = None
    key_id: str | None = None
    status: int = 0
    problem: str | None = None


class Front:
    """Outermost but for the server itself. `stopwatch_s` measures, it decides nothing."""

    def __init__(
        self, app: ASGIApp, *, metrics: Metrics, new_id: Callable[[], UUID], stopwatch_s: Callable[[], float]
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._new_id = new_id
        self._stopwatch_s = stopwatch_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began_s = self._stopwatch_s()
        seen = Seen(request_id=str(self._new_id()))
        scope["seen"] = seen
        self._metrics.begin()
        try:
            await self._app(scope, receive, _marking(send, seen))
        except ClientDisconnect:
            seen.status = CLIENT_GONE
        except Exception as error:  # noqa: BLE001  # whatever it is: the client hears a problem, the log the defect
            await _tell(error, seen, scope, receive, send)
        finally:
            took_s = self._stopwatch_s() - began_s
            self._metrics.count(route=seen.route, method=scope["method"], status=seen.status, took_s=took_s)
            _log_access(scope, seen, took_s)


async def _tell(error: Exception, seen: Seen, scope: Scope, receive: Receive, send: Send) -> None:
    problem = problems.problem_of(error)
    if problem.code == "internal-error":
        log.error("request %s met a defect", seen.request_id, exc_info=error, extra={"request_id": seen.request_id})
    if seen.status:  # the answer has begun: it can only be cut off
        return
    await answer_of(problem, seen)(scope, receive, _marking(send, seen))


def answer_of(problem: Problem, seen: Seen) -> Response:
    """The problem as this request's answer."""
    seen.problem = problem.code
    return problems.respond(problem, request_id=seen.request_id)


async def unrouted(request: Request, error: Exception) -> Response:
    """The answer where the router found no path, or the path not for this method."""
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        detail = f"{request.method[:20]} is not taken here"
        problem = Problem(code="method-not-allowed", detail=detail, headers=dict(error.headers or {}))
    else:
        problem = Problem(code="no-such-route", detail="there is nothing at this path")
    return answer_of(problem, request.scope["seen"])


def _marking(send: Send, seen: Seen) -> Send:
    own = [(b"x-request-id", seen.request_id.encode("ascii")), *COMMON_HEADERS]

    async def mark(message: Message) -> None:
        if message["type"] == "http.response.start":
            seen.status = message["status"]
            said = {name for name, _ in message["headers"]}
            message["headers"] = [*message["headers"], *(header for header in own if header[0] not in said)]
        await send(message)

    return mark


def _log_access(scope: Scope, seen: Seen, took_s: float) -> None:
    access.info(
        "request",
        extra={
            "request_id": seen.request_id,
            "method": scope["method"],
            "path": scope["path"][:PATH_CHARS_MAX],
            "route": seen.route,
            "status": seen.status,
            "problem": seen.problem,
            "principal": seen.principal,
            "key_id": seen.key_id,
            "took_ms": round(took_s * 1000, 2),
        },
    )
