"""Floor 1: reads the chain block by block and feeds final logs back into the journal as confirmations, exactly once."""
