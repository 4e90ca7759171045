"""The views of the book, one a file."""

from projections.folding import Table, View
from projections.views.activity import ACTIVITY
from projections.views.campaigns import CAMPAIGNS
from projections.views.certificates import CERTIFYING
from projections.views.companies import COMPANIES
from projections.views.due import DUE
from projections.views.escrow import ESCROW
from projections.views.generations import GENERATIONS
from projections.views.investments import INVESTMENTS
from projections.views.investors import INVESTORS
from projections.views.payments import PAYMENTS
from projections.views.postings import POSTINGS
from projections.views.releases import RELEASES
from projections.views.updates import UPDATES

VIEWS: tuple[View, ...] = (
    COMPANIES,
    CAMPAIGNS,
    RELEASES,
    UPDATES,
    INVESTORS,
    INVESTMENTS,
    CERTIFYING,
    PAYMENTS,
    ESCROW,
    POSTINGS,
    DUE,
    ACTIVITY,
    GENERATIONS,
)
TABLES: tuple[Table, ...] = tuple(table for view in VIEWS for table in view.tables)

__all__ = ["TABLES", "VIEWS"]
