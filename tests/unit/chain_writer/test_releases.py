"""What was refused for good and is released is obliged anew: one new intent, under the leaf of the original entry."""

from __future__ import annotations

from typing import Any

import psycopg

from chain_writer.follower import Follower
from chain_writer.reporter import Reporter
from domain.campaign import CampaignPaused, CampaignPostingReleased
from domain.company import CompanyPostingReleased
from domain.investment import InvestmentPostingReleased
from tests.unit.chain_writer.house import CREATED, LANE, WALLET, House, name
from tests.unit.chain_writer.test_following import ledger_on

MENDED = "the reason is mended"


def release(house: House, position: int, *, stream: str = "campaign", effect: str = "create-campaign") -> int:
    event = CampaignPostingReleased(entry_position=position, effect=effect, reason=MENDED)
    return house.record(name(stream), event)


def rejected_creation(house: House) -> int:
    """A campaign of a company that the register does not know: its creation is refused for good."""
    position = house.campaign()
    house.follow()
    house.settle(house.lane())
    assert house.story(position).state == "rejected"
    return position


def test_a_released_effect_lands_under_the_leaf_of_the_entry_that_obliged_it(house: House) -> None:
    # given a creation that was refused, and a company that is registered now
    position = rejected_creation(house)
    house.company()

    # when an operator releases it
    released = release(house, position)
    house.follow()
    house.settle(house.lane())

    # then the same is on the chain once, and its log leads to the original entry
    assert house.story(position).state == "landed"
    (log,) = house.logs("CampaignFactory", CREATED)
    entry, later = house.reader.entry(position), house.reader.entry(released)
    assert entry is not None
    assert later is not None
    assert entry.leaf.hex() in "".join(log["topics"]) + log["data"]
    assert house.rows(
        f"SELECT position, state FROM writer.intents WHERE leaf = '\\x{entry.leaf.hex()}' ORDER BY 1"
    ) == [
        (position, "rejected"),
        (released, "landed"),
    ]


def test_a_release_makes_one_intent_however_often_it_is_read(house: House) -> None:
    position = rejected_creation(house)
    release(house, position)
    followers = [Follower(house.reader, house.new_store(), house.generation, [LANE]) for _ in range(2)]
    for _ in range(2):
        for follower in followers:
            follower.step()

    assert house.questions.counts() == {"rejected": 1, "queued": 1}


def test_what_is_refused_again_is_reported_again_under_the_original_entry(house: House) -> None:
    # given a creation that was reported, and released although nothing was mended
    position = rejected_creation(house)
    ledger = ledger_on(house)
    Reporter(house.new_store(), ledger).step()
    house.catch_up("campaign")
    release(house, position)
    house.follow()
    house.settle(house.lane())

    # when it is refused once more
    Reporter(house.new_store(), ledger).step()
    Reporter(house.new_store(), ledger).step()
    ledger.close()

    # then the journal has two rejections of the one entry, each telling what it is
    told: list[Any] = [e.event for e in house.reader.stream(name("campaign")) if e.topic == "campaign.posting_rejected"]
    assert [(one.entry_position, one.effect) for one in told] == [(position, "create-campaign")] * 2


def test_a_release_of_what_obliges_nothing_makes_no_intent(house: House) -> None:
    house.company()
    house.record(name("company"), CompanyPostingReleased(entry_position=1, effect="register", reason=MENDED))
    house.record(name("other"), InvestmentPostingReleased(entry_position=2, effect="register", reason=MENDED))
    house.record(name("other"), InvestmentPostingReleased(entry_position=99, effect="register", reason=MENDED))
    house.follow()

    assert house.questions.counts() == {"queued": 1}


def test_a_released_recording_goes_before_the_closing_that_still_waits(house: House) -> None:
    # given a campaign whose second recording was refused, with a closing that is not posted yet
    house.company()
    house.campaign()
    house.fund("good")
    bad = house.fund("bad", wallet="0x" + "00" * 20)
    house.follow()
    house.settle(house.lane())
    closing = house.close(raised=20_000)
    event = InvestmentPostingReleased(entry_position=bad, effect="record-investment", reason=MENDED)
    house.record(name("bad"), event)
    house.follow()

    # then only the recording may be sent
    ready = house.store.ready(house.generation_id, LANE, head=10**9, limit=10)
    assert [intent.kind.value for intent in ready] == ["record-investment"]
    assert house.story(closing).state == "queued"


def test_a_released_deadline_and_a_closing_of_the_same_campaign_do_not_wait_for_each_other(house: House) -> None:
    # given a campaign with a closing in the queue, and an effect of an earlier stage released behind it
    house.company()
    house.campaign()
    pause = house.record(name("campaign"), CampaignPaused(reason="a complaint", pauser="compliance"))
    house.follow()
    with psycopg.connect(house.database) as owner:
        owner.execute("UPDATE writer.intents SET state = 'rejected', code = 'X', reason = 'x', settled_at = now()")
    house.close(raised=0, outcome="failed")
    release(house, pause, effect="set-paused")
    house.follow()

    ready = house.store.ready(house.generation_id, LANE, head=10**9, limit=10)
    assert [intent.kind.value for intent in ready] == ["set-paused"]


def test_a_released_change_of_a_certificate_comes_after_what_followed_it(house: House) -> None:
    # given an approval that was impossible, because the certificate was revoked then
    other = "0x" + "b2" * 20
    house.company()
    house.campaign()
    house.fund("first")
    house.close(raised=10_000)
    house.allot("first")
    house.revoke("first", change="b")
    approval = house.approve_transfer("first", change="c", wallet=other)
    house.reissue("first", change="d", wallet=WALLET)
    house.follow()
    house.settle(house.lane())
    assert house.story(approval).state == "rejected"

    # when it is released after the reissue
    event = InvestmentPostingReleased(entry_position=approval, effect="approve-transfer", reason=MENDED)
    house.record(name("first"), event)
    house.follow()
    house.settle(house.lane())

    assert house.story(approval).state == "landed"
