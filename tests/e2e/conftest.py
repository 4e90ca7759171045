"""One running house for the tests of a worker: real processes, behind a node that speaks as Polygon Edge does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ops.settings import Settings
from ops.stack import Chain
from ops.supervisor import House
from tests.conftest import TOOLS
from tests.support.edge import EdgeProxy


@pytest.fixture(scope="session")
def edge_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house whose chain is somebody else's: it is reached by its address alone, through the dialect of its node."""
    chain = Chain(tmp_path_factory.mktemp("chain"), tools=TOOLS, block_time_s=0.5)
    chain.start()
    try:
        with EdgeProxy(chain.url) as node:
            home = tmp_path_factory.mktemp("edge")
            with House(home, block_time_s=0.5, given=Settings(rpc_url=node.url)) as house:
                yield house
    finally:
        chain.stop()
