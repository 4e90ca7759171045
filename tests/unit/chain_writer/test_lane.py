"""A lane on a real chain and a real database: everything that is obliged lands once, whatever is in the way."""

from __future__ import annotations

from tests.unit.chain_writer.house import (
    CLOSED,
    CREATED,
    ISSUED,
    RECORDED,
    REFUNDED,
    REGISTERED,
    RELEASED,
    House,
    name,
)


def test_a_successful_campaign_is_posted_from_its_registration_to_its_release(house: House) -> None:
    # given a journal with the whole life of a campaign, read at once
    house.company()
    house.campaign()
    for number in range(5):
        house.fund(f"investment-{number}")
    house.close(raised=50_000)
    for number in range(5):
        house.allot(f"investment-{number}")
    house.release(amount=47_500, fee=2_500)
    house.follow()

    # when
    house.settle(house.lane())

    # then everything is on the chain once
    assert house.questions.counts() == {"landed": 14}
    assert len(house.logs("IssuerRegistry", REGISTERED)) == 1
    assert len(house.logs("CampaignFactory", CREATED)) == 1
    assert len(house.logs("campaign", RECORDED)) == 5
    assert len(house.logs("campaign", CLOSED)) == 1
    assert len(house.logs("NFTShareCertificate", ISSUED)) == 5
    assert len(house.logs("FundEscrow", RELEASED)) == 1
