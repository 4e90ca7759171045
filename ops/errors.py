"""What a person at the command line can mend: told in a line, without a trace."""

from __future__ import annotations


class OperatorError(Exception):
    """Its text says what is wrong, where, and what to do. The command line prints it and exits with 2."""
