"""The switches: which of Polygon Edge's ways a proxy has. The group numbers are those of the package's name plate."""

from __future__ import annotations

import msgspec

TX_BYTES_MAX = 128 * 1024
INITCODE_BYTES_MAX = 49_152
SLOT_BYTES = 32 * 1024


class Dialect(msgspec.Struct, frozen=True, kw_only=True):
    """The defaults are an ordinary, well-behaved Edge v1.3.2 with IBFT and without London.

    A switch that sabotages (it loses, delays or contradicts by chance) is off or 0 by default; what every such node
    does to every client is on. A limit of 0 is no limit.
    """

    version: str = "v1.3.2"
    chain_name: str = "polygon-edge"
    node: str = "a"  # whose committed seals the blocks carry; two nodes give two extraData for one block hash
    seed: int = 0  # of the switches that are drawn by chance

    error_codes: bool = True  # 1
    get_logs_error_code: int = -32603  # 1, 13
    error_texts: bool = True  # 2
    london: bool = False  # 2; anvil has to run with --hardfork london then
    reverts: bool = True  # 3
    tags: bool = True  # 4, 12: no safe and finalized, pending is latest, latest where nothing is said
    get_logs: bool = True  # 5
    block_range_max: int = 1_000  # 5
    methods: bool = True  # 6
    filters: bool = True  # 6
    filter_expiry_s: float = 60.0  # 6
    fields: bool = True  # 7
    vote_every_blocks: int = 0  # 7: each so-many-eth block is a vote and its miner no address
    calls_per_batch_max: int = 20  # 8
    ws: bool = True  # 8: WebSocket at /ws
    ws_message_bytes_max: int = 8_192  # 8

    pool: bool = True  # 9
    account_skips_max: int = 10  # 9: blocks without a tx of an account until all of its txs are dropped
    enqueued_max: int = 128  # 9
    slots_max: int = 4_096  # 9
    high_pressure_percent: int = 80  # 9
    black_hole: bool = False  # 9: what is sent is accepted and reaches no validator
    price_limit_wei: int = 0  # 9, 10
    gas_price: bool = True  # 10: no price is known after a restart

    call_nonce: bool = True  # 11: eth_call with `from` on an old block
    estimate_transfer: bool = True  # 11: value to a contract is estimated at 21000
    panics: bool = True  # 12: some requests close the connection, others kill the node
    stale_pending_per_mille: int = 0  # 12: of the questions for a pending nonce right after a send; 20 was measured
    syncing_flicker: bool = False  # 12

    log_index_per_tx: bool = False  # 13
    async_pool: bool = False  # 13: a hash although the pool then drops the tx
    replacement: bool = True  # 13
    tx_type: bool = True  # 13
    revert_data: bool = True  # 13
    fee_methods: bool = True  # 13
    count_as_number: bool = False  # 13
    receipts_late: int = 0  # 13: so many questions find a new head block without its receipts

    deployers: tuple[str, ...] | None = None  # 14: the only addresses that may deploy
    senders: tuple[str, ...] | None = None  # 14: the only addresses that may send

    def but(self, **switches: object) -> Dialect:
        """The same with some switches set otherwise."""
        unknown = set(switches) - set(self.__struct_fields__)
        assert not unknown, f"there is no switch {sorted(unknown)}"
        return msgspec.structs.replace(self, **switches)


EDGE_1_3_2 = Dialect()

# The flavour of the IBFT networks that were never upgraded.
EDGE_0_6 = Dialect(
    version="v0.6.3",
    get_logs_error_code=-32600,
    log_index_per_tx=True,
    async_pool=True,
    replacement=False,
    tx_type=False,
    revert_data=False,
    fee_methods=False,
    count_as_number=True,
    receipts_late=1,
)

# Everything off: the answers are anvil's own.
TRANSPARENT = Dialect(
    error_codes=False,
    error_texts=False,
    reverts=False,
    tags=False,
    get_logs=False,
    methods=False,
    filters=False,
    fields=False,
    calls_per_batch_max=0,
    ws=False,
    pool=False,
    gas_price=False,
    call_nonce=False,
    estimate_transfer=False,
    panics=False,
)
