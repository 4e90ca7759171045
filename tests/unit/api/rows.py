"""Which row of the tables a path is, and a path of a row where nothing is."""

from __future__ import annotations

import re
from uuid import uuid4

from api.commands import CommandRoute
from api.questions import QuestionRoute
from api.routes import COMMANDS

_ROWS = [(re.compile(re.sub(r"\{\w+\}", "[^/:]+", route.path)), route) for route in COMMANDS]


def route_of(path: str) -> CommandRoute:
    """The command at this path. There is one."""
    (route,) = (route for pattern, route in _ROWS if pattern.fullmatch(path))
    return route


def path_of(route: CommandRoute | QuestionRoute) -> str:
    """A path of this row with ids that nothing has."""
    return re.sub(r"\{(\w+)\}", lambda found: "1" if found[1] == "position" else str(uuid4()), route.path)
