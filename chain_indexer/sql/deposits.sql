SELECT block_number, block_hash, tx_index, log_index, tx_hash, address, topics, data
FROM indexer.logs
WHERE kind = 'Deposited' AND address = %(escrow)s AND substring(topics FROM 33 FOR 32) = ANY (%(investments)s)
ORDER BY block_number, tx_index, log_index
