"""The tables of routes: from these rows the router, the OpenAPI document and the client documentation are made."""

from api.asking import COMMANDS
from api.question_routes import QUESTIONS

__all__ = ["COMMANDS", "QUESTIONS"]
