"""Floor 1: turns sealed entries into transactions, each effect once, whatever breaks. It never reports success."""
