"""Logs: one JSON object a line on standard error for processes, plain lines where a person reads them."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog

# Libraries that say at INFO what we count ourselves, or print addresses with passwords in them.
QUIET = ("httpx", "httpcore", "psycopg", "psycopg.pool", "dramatiq", "asyncio")


def configure(*, process: str, as_json: bool, level: int = logging.INFO) -> None:
    """Set up the logging of this process, once, before anything else runs."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False)
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            renderer,
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.contextvars.bind_contextvars(process=process)
