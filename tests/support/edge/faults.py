"""Faults of the network between a client and its node, whatever the node: planned one by one, or drawn from a seed.

A plan is told to the proxy from the test's thread and carried out on the proxy's; `Planned` is the handle in between.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future
from hashlib import sha256

import msgspec

from tests.support.edge.wire import HANDLER_FAILED

PATIENCE_S = 120.0  # no measure of speed: what has not come by then will not come
ANY = "*"
HTML = "<html>\r\n<head><title>{0}</title></head>\r\n<body><center><h1>{0}</h1></center></body>\r\n</html>\r\n"


class Fault(msgspec.Struct, frozen=True):
    """Something that befalls one HTTP request."""


class Passes(Fault, frozen=True):
    """Nothing: a gap in a schedule."""


class DropRequest(Fault, frozen=True):
    """The connection closes before anything reaches the node."""


class DropReply(Fault, frozen=True):
    """The node has done it; the connection closes instead of the answer."""


class Hold(Fault, frozen=True):
    """The request waits to be released: before it reaches the node, or (`delivered`) with the answer in hand."""

    delivered: bool = False


class HttpStatus(Fault, frozen=True):
    """A server in between answers with a page of HTML: before the node has it, or (`delivered`) after."""

    status: int = 502
    delivered: bool = False
    retry_after: str = ""


class HalfBody(Fault, frozen=True):
    """The connection closes in the middle of the answer."""


class WrongId(Fault, frozen=True):
    """One member of the answer has an id that nobody asked with."""


class MissingMember(Fault, frozen=True):
    """The first member of a batch's answer is missing; a single answer has neither result nor error."""


class Reordered(Fault, frozen=True):
    """The members of a batch's answer come in the opposite order, which JSON-RPC allows."""


class Refuses(Fault, frozen=True):
    """The calls of the planned method are answered with this error; the node does not see them."""

    message: str
    code: int = HANDLER_FAILED


class Behind(Fault, frozen=True):
    """A load balancer sends the whole request to a node that lags so many blocks."""

    blocks: int


class Planned:
    """One planned fault, in the test's hand."""

    def __init__(self, fault: Fault, *, method: str, times: int) -> None:
        self.fault = fault
        self.method = method
        self.caught = 0
        self._left = times
        self._changed = threading.Condition()
        self.released: Future[None] = Future()

    def release(self) -> None:
        """Let go of all that is held, and of all that would be."""
        if not self.released.done():
            self.released.set_result(None)

    def wait_caught(self, times: int = 1) -> None:
        """Return when that many requests have met the fault."""
        with self._changed:
            met = self._changed.wait_for(lambda: self.caught >= times, PATIENCE_S)
        assert met, f"{self.fault} met {self.caught} requests of {self.method}, not {times}"

    def cancel(self) -> None:
        """Meet no more requests."""
        with self._changed:
            self._left = 0

    def meets(self, methods: Sequence[str]) -> bool:
        """Count a request down if it is one of the planned."""
        with self._changed:
            if not self._left or not (self.method == ANY or self.method in methods):
                return False
            self._left -= 1
            self.caught += 1
            self._changed.notify_all()
            return True


class Storm(msgspec.Struct, frozen=True):
    """So many of a thousand requests meet one of the faults. The nth request of a method draws by the seed alone, so
    that how requests of other methods come in between changes nothing.
    """

    seed: int
    per_mille: int
    faults: tuple[Fault, ...]
    method: str = ANY

    def draw(self, method: str, number: int) -> Fault | None:
        drawn = int.from_bytes(sha256(f"{self.seed}/{method}/{number}".encode()).digest()[:8], "big")
        if drawn % 1_000 >= self.per_mille:
            return None
        return self.faults[drawn // 1_000 % len(self.faults)]


class Faults:
    """All that is planned. The first plan that a request meets is the only one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._plans: list[Planned] = []
        self._storm: Storm | None = None
        self._requests: Counter[str] = Counter()

    def plan(self, fault: Fault, *, method: str = ANY, times: int = 1) -> Planned:
        planned = Planned(fault, method=method, times=times)
        with self._lock:
            self._plans.append(planned)
        return planned

    def schedule(self, faults: Sequence[Fault], *, method: str = ANY) -> list[Planned]:
        """The next requests meet these faults in this order."""
        return [self.plan(fault, method=method) for fault in faults]

    def storm(self, *, seed: int, per_mille: int, faults: Sequence[Fault], method: str = ANY) -> None:
        assert not any(isinstance(fault, Hold) for fault in faults), "nobody would have the handle to release it"
        with self._lock:
            self._requests.clear()
            self._storm = Storm(seed, per_mille, tuple(faults), method)

    def clear(self) -> None:
        """Calm: nothing is planned any more, and whatever is held goes on."""
        with self._lock:
            plans, self._plans, self._storm = self._plans, [], None
        for planned in plans:
            planned.cancel()
            planned.release()

    def meet(self, methods: Sequence[str]) -> Planned | None:
        """The fault that befalls a request with these calls."""
        with self._lock:
            plans, storm = list(self._plans), self._storm
        for planned in plans:
            if planned.meets(methods):
                return planned
        fault = self._drawn(storm, methods) if storm else None
        return Planned(fault, method=ANY, times=0) if fault else None

    def _drawn(self, storm: Storm, methods: Sequence[str]) -> Fault | None:
        if storm.method not in (ANY, *methods):
            return None
        method = storm.method if storm.method != ANY else (methods[0] if methods else ANY)
        with self._lock:
            self._requests[method] += 1
            number = self._requests[method]
        return storm.draw(method, number)


def page(status: int) -> bytes:
    """What a server in between has to say."""
    reasons = {
        413: "Request Entity Too Large",
        429: "Too Many Requests",
        502: "Bad Gateway",
        503: "Service Unavailable",
    }
    return HTML.format(f"{status} {reasons.get(status, 'Error')}").encode()


def spoiled(documents: list[dict[str, object]], fault: Fault) -> list[dict[str, object]]:
    """The members of an answer after a fault of the answer itself."""
    match fault:
        case WrongId():
            return [documents[0] | {"id": 2**31 - 1}, *documents[1:]]
        case MissingMember() if len(documents) > 1:
            return documents[1:]
        case MissingMember():
            return [{key: documents[0].get(key) for key in ("jsonrpc", "id")}]
        case Reordered():
            return documents[::-1]
        case _:
            return documents
