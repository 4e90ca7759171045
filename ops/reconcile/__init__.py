"""Reconciliation: journal, book and chain compared both ways, holder by holder; every difference has a name."""

from ops.reconcile.nouns import Difference, Pending, Reconciliation
from ops.reconcile.reconciler import reconcile
from ops.reconcile.text import again_and_again, print_reconciliation, show

__all__ = ["Difference", "Pending", "Reconciliation", "again_and_again", "print_reconciliation", "reconcile", "show"]
