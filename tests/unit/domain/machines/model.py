"""What a bookkeeper would expect: a list of campaigns, of promises and of payments, and where every santim is.

No aggregate and no rule of the domain is used here. Sums are never kept: each is counted again from the lists.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction

OPEN = {"live", "paused"}
FREE = {"none", "draft", "rejected", "refunded", "settled"}  # a campaign that holds no exclusivity
GIVING_BACK = {"failed", "cancelled", "refunding", "refunded"}  # a campaign whose money goes back to everybody
MINIMUM, PRICE, GOAL, CAP = 10_000, 1_000, 100_000, 120_000
THRESHOLD, FEE_BPS = 75_000, 250
DURATION = timedelta(days=30)


def five_business_days_after(moment: datetime) -> datetime:
    left = 5
    while left:
        moment += timedelta(days=1)
        left -= moment.isoweekday() <= 5
    return moment


@dataclass
class Payment:
    """Money that came under one reference, and what became of it."""

    amount: int
    promise: int | None
    applied: int = 0
    owed: int = 0
    returned: int = 0
    reversed: int = 0


@dataclass
class Promise:
    """One investment: what was promised, what came, and how it ended."""

    campaign: int
    investor: int
    amount: int
    waiting: bool = False
    seen: int | None = None
    parts: dict[str, int] = field(default_factory=dict)
    counts: bool = False
    recorded: bool = False
    cancelled: bool = False
    lapsed: bool = False
    refund_ordered: bool = False
    refunded: bool = False
    allotted: bool = False

    @property
    def paid(self) -> int:
        return self.amount if self.counts else sum(self.parts.values())

    @property
    def active(self) -> bool:
        """Whether it leads to shares still, and does not wait."""
        return not (self.cancelled or self.lapsed or self.refund_ordered or self.waiting)

    @property
    def held(self) -> bool:
        return self.active and not self.counts and self.paid == self.amount

    @property
    def counted(self) -> bool:
        """Whether its money is among what was raised."""
        return self.counts and not self.cancelled


@dataclass
class Campaign:
    company: int
    kind: str
    investor_maximum: int = 0
    milestones: tuple[int, ...] = (10_000,)
    status: str = "none"
    deadline: datetime | None = None
    outcome: str | None = None
    cancelling: bool = False
    confirmed: bool = False
    change: int | None = None
    reconfirm_by: datetime | None = None
    requested: bool = False
    approved: bool = False
    tranches: int = 0
    released: int = 0
    fees: int = 0
    claims: int = 0


class Model:
    """The lists, and what each act makes of them. An act answers whether it is to be accepted."""

    def __init__(self) -> None:
        self.campaigns = {
            0: Campaign(0, "first_come"),
            1: Campaign(1, "pro_rata"),
            2: Campaign(0, "reject", investor_maximum=50_000),
            3: Campaign(1, "reject", milestones=(3_333, 6_667)),
        }
        self.promises: dict[int, Promise] = {}
        self.payments: dict[str, Payment] = {}

    # What the lists add up to.

    def of(self, campaign: int) -> list[Promise]:
        """In the order in which they were made."""
        return [promise for promise in self.promises.values() if promise.campaign == campaign]

    def committed(self, campaign: int) -> int:
        """A promise refunded because the campaign failed was one until its end."""
        return sum(p.amount for p in self.of(campaign) if not (p.cancelled or p.lapsed or p.waiting))

    def waiting(self, campaign: int) -> int:
        return sum(p.amount for p in self.of(campaign) if p.waiting and not (p.cancelled or p.lapsed))

    def raised(self, campaign: int) -> int:
        return sum(p.amount for p in self.of(campaign) if p.counted)

    def held(self, campaign: int) -> int:
        return sum(p.held for p in self.of(campaign)) if self.campaigns[campaign].kind == "pro_rata" else 0

    def unwinding(self, campaign: int) -> int:
        return sum(p.counts and p.cancelled and not p.refunded for p in self.of(campaign))

    def unanswered(self, campaign: int) -> int:
        change = self.campaigns[campaign].change
        if change is None:
            return 0
        return sum(not (p.cancelled or p.lapsed or p.waiting) and p.seen != change for p in self.of(campaign))

    def escrow(self, campaign: int) -> int:
        held = sum(p.amount for p in self.of(campaign) if p.counts and not p.refunded)
        return held - self.campaigns[campaign].released - self.campaigns[campaign].fees

    def open_of(self, company: int) -> list[int]:
        return [n for n, c in self.campaigns.items() if c.company == company and c.status not in FREE]

    # Campaigns.

    def go(self, campaign: int, *, before: set[str], after: str) -> bool:
        """A plain step from one of some statuses to another."""
        ours = self.campaigns[campaign]
        if ours.status not in before:
            return False
        ours.status = after
        return True

    def submit(self, campaign: int) -> bool:
        ours = self.campaigns[campaign]
        if ours.status not in {"draft", "rejected"} or self.open_of(ours.company):
            return False
        ours.status = "submitted"
        return True

    def deploy(self, campaign: int, now: datetime) -> bool:
        self.campaigns[campaign].deadline = now + DURATION
        return self.go(campaign, before={"deploying"}, after="live")

    def change(self, campaign: int, number: int, now: datetime) -> bool:
        ours = self.campaigns[campaign]
        if ours.status not in OPEN or self.unanswered(campaign):
            return False
        assert ours.deadline is not None
        ours.change, ours.reconfirm_by = number, five_business_days_after(now)
        ours.deadline = max(ours.deadline, ours.reconfirm_by + timedelta(hours=1))
        return True

    def close(self, campaign: int, *, cancelling: bool = False) -> bool:
        ours = self.campaigns[campaign]
        if ours.status not in OPEN or (self.unanswered(campaign) and not cancelling):
            return False
        ours.status, ours.cancelling = "closing", cancelling
        self.close_if_nothing_is_on_its_way(campaign)
        return True

    def close_if_nothing_is_on_its_way(self, campaign: int) -> None:
        ours = self.campaigns[campaign]
        if ours.status != "closing" or self.unwinding(campaign) or (self.held(campaign) and not ours.cancelling):
            return
        success = "successful" if self.raised(campaign) >= THRESHOLD else "failed"
        ours.outcome = ours.status = "cancelled" if ours.cancelling else success

    def confirm_closing(self, campaign: int) -> bool:
        ours = self.campaigns[campaign]
        if ours.outcome is None:
            return False
        if not ours.confirmed:
            ours.confirmed = True
            if ours.outcome != "successful":
                ours.status = "refunding"
                self.end_if_all_is_refunded(campaign)
        return True

    def end_if_all_is_refunded(self, campaign: int) -> None:
        if self.campaigns[campaign].status == "refunding" and all(p.refunded for p in self.of(campaign) if p.counted):
            self.campaigns[campaign].status = "refunded"

    def parts_of(self, campaign: int) -> dict[int, int]:
        """Shares for each promise that is paid: whole parts first, then the largest rests, the earlier first."""
        wanted = {n: p.amount // PRICE for n, p in self.promises.items() if p.campaign == campaign and p.held}
        available, total = CAP // PRICE, sum(wanted.values())
        if total <= available:
            return wanted
        exact = {n: Fraction(shares * available, total) for n, shares in wanted.items()}
        given = {n: int(part) for n, part in exact.items()}
        for n in sorted(exact, key=lambda n: given[n] - exact[n])[: available - sum(given.values())]:
            given[n] += 1
        return given

    def give(self, number: int, shares: int) -> None:
        promise = self.promises[number]
        if shares == 0:
            self.end(promise)
            promise.lapsed = True
            return
        excess, promise.amount = promise.amount - shares * PRICE, shares * PRICE
        for reference in reversed(list(promise.parts)):
            taken = min(excess, promise.parts[reference])
            self.free(promise, reference, taken)
            excess -= taken
        promise.counts = True

    def request_release(self, campaign: int) -> bool:
        ours = self.campaigns[campaign]
        if ours.status not in {"successful", "settling"} or not ours.confirmed or ours.requested:
            return False
        ours.requested, ours.status = True, "settling"
        return True

    def approve_release(self, campaign: int) -> bool:
        ours = self.campaigns[campaign]
        if not ours.requested or ours.approved:
            return False
        ours.approved = True
        return True

    def confirm_release(self, campaign: int) -> bool:
        ours = self.campaigns[campaign]
        if not ours.approved:
            return False
        raised = self.raised(campaign)
        ours.tranches += 1
        ours.requested = ours.approved = False
        upto = sum(ours.milestones[: ours.tranches])
        ours.fees = (raised * FEE_BPS // 10_000) * upto // 10_000
        ours.released = raised * upto // 10_000 - ours.fees
        if ours.tranches == len(ours.milestones):
            ours.status = "settled"
        return True

    # Promises.

    def commit(self, number: int, promise: Promise, now: datetime) -> bool:
        campaign = self.campaigns[promise.campaign]
        if number in self.promises or campaign.status != "live" or promise.amount < MINIMUM:
            return False
        assert campaign.deadline is not None
        own = sum(p.amount for p in self.of(promise.campaign) if p.investor == promise.investor and not p.cancelled)
        if now >= campaign.deadline or 0 < campaign.investor_maximum < own + promise.amount:
            return False
        after = self.committed(promise.campaign) + promise.amount
        if campaign.kind == "first_come":
            promise.waiting = after > CAP or self.waiting(promise.campaign) > 0
        elif after > CAP * (10 if campaign.kind == "pro_rata" else 1):
            return False
        promise.seen = campaign.change
        self.promises[number] = promise
        return True

    def admit(self, number: int) -> bool:
        promise = self.promises.get(number)
        if promise is None:
            return False
        if not promise.waiting or promise.cancelled or promise.lapsed:
            return True
        campaign = self.campaigns[promise.campaign]
        if campaign.status not in OPEN or self.committed(promise.campaign) + promise.amount > CAP:
            return False
        promise.waiting, promise.seen = False, campaign.change
        return True

    def cancel(self, number: int, now: datetime) -> bool:
        promise = self.promises.get(number)
        if promise is None:
            return False
        campaign = self.campaigns[promise.campaign]
        if promise.cancelled:
            return True
        if campaign.status not in OPEN or promise.lapsed:
            return False
        assert campaign.deadline is not None
        unanswered = campaign.change is not None and promise.seen != campaign.change
        if promise.paid and now >= campaign.deadline and not unanswered:
            return False
        self.end(promise)
        promise.cancelled = True
        return True

    def end(self, promise: Promise) -> None:
        """Money that did not count is owed to its payers; a refund is ordered of what the chain has recorded."""
        if promise.counts:
            promise.refund_ordered = promise.recorded
        else:
            for reference in list(promise.parts):
                self.free(promise, reference, promise.parts[reference])
            promise.parts.clear()

    def free(self, promise: Promise, reference: str, amount: int) -> None:
        promise.parts[reference] -= amount
        self.payments[reference].applied -= amount
        self.payments[reference].owed += amount

    def reconfirm(self, number: int, change: int, now: datetime) -> bool:
        promise = self.promises.get(number)
        if promise is None:
            return False
        if promise.seen == change:
            return True
        campaign = self.campaigns[promise.campaign]
        in_time = campaign.reconfirm_by is not None and now < campaign.reconfirm_by and campaign.status in OPEN
        if not promise.active or promise.allotted or campaign.change != change or not in_time:
            return False
        promise.seen = change
        return True

    def take_silence(self, number: int, change: int, now: datetime) -> bool:
        promise = self.promises.get(number)
        if promise is None:
            return False
        campaign = self.campaigns[promise.campaign]
        if campaign.change != change or campaign.reconfirm_by is None or now < campaign.reconfirm_by:
            return False
        if promise.active and promise.seen != change and campaign.outcome is None:
            self.end(promise)
            promise.cancelled = True
        return True

    def record(self, number: int) -> bool:
        promise = self.promises.get(number)
        if promise is None or not promise.counts:
            return False
        promise.recorded = True
        promise.refund_ordered = promise.refund_ordered or promise.cancelled
        return True

    def confirm_refund(self, number: int) -> bool:
        promise = self.promises.get(number)
        if promise is None or not promise.refund_ordered:
            return False
        if not promise.refunded:
            promise.refunded = True
            self.close_if_nothing_is_on_its_way(promise.campaign)
            self.end_if_all_is_refunded(promise.campaign)
        return True

    def allot(self, number: int) -> bool:
        promise = self.promises.get(number)
        if promise is None:
            return False
        campaign = self.campaigns[promise.campaign]
        if not campaign.confirmed or campaign.outcome != "successful":
            return False
        promise.allotted = promise.allotted or promise.counted
        return promise.allotted

    def order_refund(self, number: int) -> bool:
        promise = self.promises.get(number)
        if promise is None:
            return False
        campaign = self.campaigns[promise.campaign]
        if not campaign.confirmed or campaign.outcome == "successful":
            return False
        if not promise.counts:
            return False
        promise.refund_ordered = True
        return True

    def lapse(self, number: int) -> bool:
        promise = self.promises.get(number)
        if promise is None or self.campaigns[promise.campaign].outcome is None:
            return False
        if not (promise.cancelled or promise.lapsed or promise.counts):
            self.end(promise)
            promise.lapsed = True
        return True

    # Payments.

    def pay(self, reference: str, number: int | None, amount: int) -> bool:
        known = self.payments.get(reference)
        if known is not None:
            return known.amount == amount and number in {None, known.promise}
        if amount <= 0 or (number is not None and number not in self.promises):
            return False
        self.payments[reference] = Payment(amount, number, owed=amount)
        if number is not None:
            self._apply(reference, number)
        return True

    def match(self, reference: str, number: int) -> bool:
        payment = self.payments.get(reference)
        if payment is None:
            return False
        if payment.promise == number:
            return True
        if payment.promise is not None or not payment.owed or number not in self.promises:
            return False
        payment.promise = number
        self._apply(reference, number)
        return True

    def _apply(self, reference: str, number: int) -> None:
        payment, promise = self.payments[reference], self.promises[number]
        campaign = self.campaigns[promise.campaign]
        if campaign.status not in OPEN or not promise.active or promise.paid == promise.amount:
            return
        part = min(payment.owed, promise.amount - promise.paid)
        payment.applied, payment.owed = part, payment.owed - part
        promise.parts[reference] = part
        promise.counts = campaign.kind != "pro_rata" and promise.paid == promise.amount

    def give_back(self, reference: str) -> bool:
        payment = self.payments.get(reference)
        if payment is None or not payment.owed:
            return False
        payment.returned, payment.owed = payment.returned + payment.owed, 0
        return True

    def reverse(self, reference: str) -> bool:
        payment = self.payments.get(reference)
        if payment is None:
            return False
        if payment.reversed:
            return True
        lost = payment.applied
        if lost + payment.owed == 0:
            return False
        payment.reversed, payment.applied, payment.owed = lost + payment.owed, 0, 0
        if lost and payment.promise is not None:
            self._lose(self.promises[payment.promise], reference, lost)
        return True

    def _lose(self, promise: Promise, reference: str, lost: int) -> None:
        campaign = self.campaigns[promise.campaign]
        if not promise.counts:
            del promise.parts[reference]
        elif campaign.status in OPEN and not promise.cancelled:
            self.end(promise)
            promise.cancelled = True
        elif promise.refund_ordered or not (promise.cancelled or campaign.status in GIVING_BACK):
            campaign.claims += lost
