"""A Polygon Edge node in front of anvil: it speaks Edge's dialect of JSON-RPC over HTTP and at `/ws`, and misbehaves on
demand. A client that never met these ways has proved nothing.

    with EdgeProxy(anvil_url) as proxy:                        # an ordinary v1.3.2 node with IBFT
        proxy.url
        proxy.set(vote_every_blocks=3)                         # any switch of `Dialect`, at run time
        proxy.lag(2); proxy.freeze_head(); proxy.restart_node()
        held = proxy.hold("eth_sendRawTransaction")            # a fault of the network, in the test's hand
        held.wait_caught(); held.release()

By hand: `python -m tests.support.edge --anvil URL --port N`. Anvil runs with `--hardfork istanbul --gas-price 0
--gas-limit 5242880` (London: `--hardfork london`, and `london=True`). The sources are Polygon Edge's, v1.3.2.

 Group | What the node does                                    | Switches and verbs              | Source
-------|-------------------------------------------------------|---------------------------------|---------------------------
   1   | -32600 for any failing handler (logs: -32603), -32602 | error_codes,                    | dispatcher.go
       | "Invalid Params"; no id on errors of parse and batch  | get_logs_error_code             |
   2   | the pool's texts; chain ids, tx types                 | error_texts, london             | txpool/txpool.go
   3   | reverts: text of Error(string) only, estimates with a | reverts                         | eth_endpoint.go
       | prefix, no empty data                                 |                                 |
   4   | no safe or finalized; pending is latest but for nonces| tags                            | codec.go
   5   | logs: ranges, 0 to 0, silence above the head          | get_logs, block_range_max       | filter_manager.go
   6   | missing methods, plain numbers, filters that expire   | methods, filters,               | *_endpoint.go,
       |                                                       | filter_expiry_s, pass_time      | filter_manager.go
   7   | fields: checksums, extraData, empty bloom, no type    | fields, node, vote_every_blocks | types.go, ibft/signer
   8   | 20 calls a batch; WebSocket at /ws, 8192 bytes        | calls_per_batch_max, ws,        | server/config,
       |                                                       | ws_message_bytes_max            | jsonrpc.go
   9   | the pool: ten-block drop, 128 enqueued, slots, sizes, | pool, account_skips_max,        | txpool/txpool.go,
       | "already known" black hole                            | enqueued_max, slots_max,        | txpool/slot_gauge.go
       |                                                       | high_pressure_percent,          |
       |                                                       | price_limit_wei, swallow,       |
       |                                                       | black_hole                      |
  10   | restart: pool, filters, price gone; stall; lag        | gas_price, restart_node,        | gasprice, server,
       |                                                       | kill_node, stall, resume,       | syncer
       |                                                       | freeze_head, thaw_head, lag,    |
       |                                                       | behind                          |
  11   | "incorrect nonce"; 21000 for value to a contract      | call_nonce, estimate_transfer,  | helper.go,
       |                                                       | race_nonce                      | state/executor.go
  12   | stale pending nonce, flickering syncing, panics       | stale_pending_per_mille, seed,  | txpool/txpool.go,
       |                                                       | stale_pending, syncing_flicker, | dispatcher.go
       |                                                       | panics                          |
  13   | v0.6: log index per tx, lost txs, no replacement,     | EDGE_0_6: log_index_per_tx,     | the same at v0.6.3
       | late receipts                                         | async_pool, replacement,        |
       |                                                       | tx_type, revert_data,           |
       |                                                       | fee_methods, count_as_number,   |
       |                                                       | receipts_late                   |
  14   | lists of who may deploy and send: mined, status 0,    | deployers, senders              | state/executor.go,
       | all gas used                                          |                                 | runtime/addresslist
  15   | the same chain id, another genesis, a lower head      | reset_chain                     | operators' practice

Besides, as measured: a WebSocket subscriber that stops reading stops the node's import of blocks, notifications of
pending txs are no JSON, and a subscription to logs without a query kills the node (filter_manager.go, dispatcher.go).
Faults of the network (`faults.py`) belong to no node: `fault`, `hold`, `schedule`, `storm`, `calm`. `asking.py` has the
client that tests of raw answers use.
"""

from __future__ import annotations

from tests.support.edge.dialect import EDGE_0_6, EDGE_1_3_2, TRANSPARENT, Dialect
from tests.support.edge.faults import (
    Behind,
    DropReply,
    DropRequest,
    Fault,
    HalfBody,
    Hold,
    HttpStatus,
    MissingMember,
    Passes,
    Planned,
    Refuses,
    Reordered,
    WrongId,
)
from tests.support.edge.proxy import EdgeProxy

__all__ = [
    "EDGE_0_6",
    "EDGE_1_3_2",
    "TRANSPARENT",
    "Behind",
    "Dialect",
    "DropReply",
    "DropRequest",
    "EdgeProxy",
    "Fault",
    "HalfBody",
    "Hold",
    "HttpStatus",
    "MissingMember",
    "Passes",
    "Planned",
    "Refuses",
    "Reordered",
    "WrongId",
]
