"""Floor 2: commands in, questions in, problems out."""
