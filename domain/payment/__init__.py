"""The payment: money that a provider reports, once for each pair of provider and reference, whatever it was for."""

from domain.payment.events import (
    PaymentFreed,
    PaymentMatched,
    PaymentReclaimed,
    PaymentRecorded,
    PaymentReturned,
    PaymentReversed,
)
from domain.payment.state import CHAIN, PAYMENTS, Deposit, Payment, payment_id

__all__ = [
    "CHAIN",
    "PAYMENTS",
    "Deposit",
    "Payment",
    "PaymentFreed",
    "PaymentMatched",
    "PaymentReclaimed",
    "PaymentRecorded",
    "PaymentReturned",
    "PaymentReversed",
    "payment_id",
]
