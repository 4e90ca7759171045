"""A simulated Polygon Edge node: the chain, the contracts as a model, the pool, and both ports with their faults.

Plain objects: nothing here reads a clock or chance that it was not given, sleeps, or opens anything. Each part is held
against a real chain behind Edge's dialect by the same tests (tests/unit/simulator/test_chain_*.py).

`running`       one call in progress; roles, natural keys, revisions, as all contracts have them
`issuers`, `campaigns`, `certificates`, `escrow`   the contracts, each as its Solidity; `contracts` finds the method
`pool`          what waits; the rules are those of `tests.support.edge.pool`
`chain`         the truth: blocks with the state after each, mined, replaced and halted on request
`faults`        the kinds of faults and their rates; `weather` carries out those that befall the pool and the chain
`replica`       what of the chain one request is shown; `node` and `indexer_node` are the ports over it
`signing`       signed bytes without cryptography
"""
