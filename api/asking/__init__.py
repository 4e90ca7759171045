"""What may be asked over HTTP: for each aggregate the bodies, and the table of its commands as routes."""

from api.asking.campaigns import CAMPAIGNS
from api.asking.companies import COMPANIES
from api.asking.ends import ENDS
from api.asking.investments import INVESTMENTS
from api.asking.investors import INVESTORS
from api.asking.ledger import LEDGERS
from api.asking.payments import PAYMENTS
from api.asking.postings import POSTINGS
from api.commands import CommandRoute

COMMANDS: tuple[CommandRoute, ...] = (
    *COMPANIES,
    *CAMPAIGNS,
    *ENDS,
    *INVESTORS,
    *INVESTMENTS,
    *PAYMENTS,
    *POSTINGS,
    *LEDGERS,
)

__all__ = ["COMMANDS"]
