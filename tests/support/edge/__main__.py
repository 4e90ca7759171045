"""The proxy by hand: `python -m tests.support.edge --anvil http://127.0.0.1:8545 --port 8546`."""

from __future__ import annotations

import argparse
import signal

from tests.support.edge import EDGE_0_6, EDGE_1_3_2, EdgeProxy

FLAVOURS = {"1.3.2": EDGE_1_3_2, "0.6": EDGE_0_6}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.support.edge", description=__doc__)
    parser.add_argument("--anvil", required=True, help="address of the anvil behind the proxy")
    parser.add_argument("--port", type=int, default=0, help="port to serve on; a free one if none is given")
    parser.add_argument("--flavour", choices=FLAVOURS, default="1.3.2")
    parser.add_argument("--london", action="store_true", help="anvil runs with --hardfork london")
    given = parser.parse_args()
    ending = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, ending)  # before the proxy's thread starts: it inherits the mask
    with EdgeProxy(given.anvil, dialect=FLAVOURS[given.flavour].but(london=given.london), port=given.port) as proxy:
        print(proxy.url, flush=True)
        signal.sigwait(ending)


if __name__ == "__main__":
    main()
