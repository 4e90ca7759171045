"""The demonstration: the whole circle, from an HTTP command to the chain and back, on a house of its own."""

from ops.demo.demonstration import run

__all__ = ["run"]
