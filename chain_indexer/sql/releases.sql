SELECT block_number, block_hash, tx_index, log_index, tx_hash, address, topics, data
FROM indexer.logs
WHERE kind = 'ReleaseRecorded' AND address = %(escrow)s AND substring(data FROM 33 FOR 32) = ANY (%(payees)s)
ORDER BY block_number, tx_index, log_index
