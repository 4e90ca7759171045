"""Floor 1: the book ledger. Views folded from the journal, disposable, each with the position it has reached."""
