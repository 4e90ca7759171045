"""Which row of the tables a path is."""

from __future__ import annotations

import re

from api.commands import CommandRoute
from api.routes import COMMANDS

_ROWS = [(re.compile(re.sub(r"\{\w+\}", "[^/:]+", route.path)), route) for route in COMMANDS]


def route_of(path: str) -> CommandRoute:
    """The command at this path. There is one."""
    (route,) = (route for pattern, route in _ROWS if pattern.fullmatch(path))
    return route
