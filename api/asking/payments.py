"""Commands about payments: their bodies and their routes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from api.asking.rows import INVESTMENT, PAYMENT, asks
from api.bodies import Body, ReasonBody
from api.fields import Amount, Currency, Id, Text
from domain import commands as c
from domain.payment import payment_id


class MoneyBody(Body):
    provider: Text
    reference: Text
    amount: Amount
    currency: Currency


class PaymentBody(MoneyBody):
    investment_id: Id | None = None


class MatchBody(Body):
    investment_id: Id


class ReturnBody(Body):
    return_reference: Text


def _stream(fields: dict[str, Any]) -> UUID:
    return payment_id(fields["provider"], fields["reference"])


_BY = "payment_id"

PAYMENTS = (
    asks(
        c.RecordPayment,
        "/v1/payments",
        "Record money that came, once for each provider and reference; without an investment it waits to be matched.",
        when="always",
        body=PaymentBody,
        stream=_stream,
        location=PAYMENT,
    ),
    asks(
        c.RecordPayment,
        f"{INVESTMENT}/payments",
        "Record money that came for this investment; all of it there, this obliges its record on the chain.",
        when="always; it counts while the campaign is live or paused",
        body=MoneyBody,
        subject="investment_id",
        stream=_stream,
        location=PAYMENT,
        name="record_payment_of_investment",
    ),
    asks(
        c.MatchPayment,
        f"{PAYMENT}:match",
        "Say which investment a payment is for.",
        when="unmatched",
        body=MatchBody,
        subject=_BY,
    ),
    asks(
        c.ReturnPayment,
        f"{PAYMENT}:return",
        "Record that what is owed of a payment has gone back to its source.",
        when="something owed",
        body=ReturnBody,
        subject=_BY,
    ),
    asks(
        c.ReversePayment,
        f"{PAYMENT}:reverse",
        "Record that the provider took the money back.",
        when="not returned",
        body=ReasonBody,
        subject=_BY,
    ),
)
