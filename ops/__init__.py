"""Floor 3: settings, wiring, processes, the local stack, and the one door for people."""
