"""Floor 0: the aggregates, their events and commands, and the journal that records them."""
