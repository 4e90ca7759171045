SELECT block_number, tx_index, log_index, block_hash, tx_hash, address, topics, data
FROM indexer.logs
WHERE kind = 'Deposited' AND address = %(escrow)s AND topics[2] = ANY (%(investments)s)
ORDER BY block_number, tx_index, log_index
