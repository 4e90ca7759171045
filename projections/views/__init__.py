"""The views of the book, one a file."""

from projections.folding import Table, View
from projections.views.campaigns import CAMPAIGNS
from projections.views.companies import COMPANIES
from projections.views.escrow import ESCROW
from projections.views.investments import INVESTMENTS
from projections.views.investors import INVESTORS
from projections.views.postings import POSTINGS

VIEWS: tuple[View, ...] = (COMPANIES, CAMPAIGNS, INVESTORS, INVESTMENTS, ESCROW, POSTINGS)
TABLES: tuple[Table, ...] = tuple(table for view in VIEWS for table in view.tables)

__all__ = ["TABLES", "VIEWS"]
