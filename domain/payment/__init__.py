"""The payment: money that a provider reports, once for each pair of provider and reference, whatever it was for."""

from domain.payment.events import (
    PaymentFreed,
    PaymentMatched,
    PaymentRecorded,
    PaymentReturned,
    PaymentReversed,
)
from domain.payment.state import PAYMENTS, Payment, payment_id

__all__ = [
    "PAYMENTS",
    "Payment",
    "PaymentFreed",
    "PaymentMatched",
    "PaymentRecorded",
    "PaymentReturned",
    "PaymentReversed",
    "payment_id",
]
