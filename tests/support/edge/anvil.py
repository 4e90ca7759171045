"""The chain behind the proxy: anvil by HTTP, one call at a time, as Edge's dispatcher works through a batch."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec

from tests.support.edge.wire import Answer, Call, Failure, answer_of, encode, request

TIMEOUT_S = 60.0


class Anvil:
    """Raises httpx.HTTPError when it is away."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = httpx.AsyncClient(timeout=TIMEOUT_S, headers={"Content-Type": "application/json"})

    async def forward(self, call: Call) -> Answer:
        """What anvil answers to a call."""
        response = await self._client.post(self.url, content=encode(request(call)))
        return answer_of(msgspec.json.decode(response.content))

    async def pass_on(self, body: bytes) -> httpx.Response:
        """What anvil answers to these very bytes."""
        return await self._client.post(self.url, content=body)

    async def ask(self, method: str, *params: Any) -> Any:
        """A question of the proxy's own, which anvil has to answer."""
        answer = await self.forward(Call(method, list(params)))
        assert not isinstance(answer, Failure), f"anvil refused {method}: {answer}"
        return answer.value

    async def number(self, method: str, *params: Any) -> int:
        return int(await self.ask(method, *params), 16)

    async def close(self) -> None:
        await self._client.aclose()
