"""A lane on a real chain and a real database: everything that is obliged lands once, whatever is in the way."""

from __future__ import annotations

import tempfile
from pathlib import Path

import msgspec
import psycopg
from eth_abi.abi import encode
from eth_account import Account

from abis import Generation, calls
from abis.calls import selector
from abis.hashing import keccak
from chain_writer.signer import KeySigner
from domain.company import CompanyReinstated, CompanySuspended, KybApproved
from ops import contracts
from ops.contracts import ROLES
from tests.support.chain import BASE_URI
from tests.unit.chain_writer.house import (
    ALREADY,
    CLOSED,
    CREATED,
    ISSUED,
    RECORDED,
    REFUNDED,
    REGISTERED,
    REISSUED,
    RELEASED,
    REVOKED,
    TERMS,
    WALLET,
    WITHDRAWN,
    House,
    exhaust,
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


def test_the_releases_of_a_campaign_follow_each_other_in_the_order_of_their_entries(house: House) -> None:
    house.company()
    house.campaign()
    house.fund("investment")
    house.close(raised=10_000)
    positions = [house.release(f"release-{number}", amount=2_000, fee=500) for number in range(4)]
    house.follow()

    house.settle(house.lane())

    stories = [house.story(position) for position in positions]
    blocks = [story.block_number or 0 for story in stories]
    assert {story.outcome for story in stories} == {"recorded"}
    assert blocks == sorted(set(blocks)), "each waits until the one before is final"
    assert len(house.logs("FundEscrow", RELEASED)) == 4


def test_a_failed_campaign_is_posted_with_its_refunds(house: House) -> None:
    house.company()
    house.campaign()
    house.fund("small", amount=10_000)
    house.fund("large", amount=20_000)
    house.close(raised=30_000, outcome="failed")
    house.order_refund("small", amount=10_000)
    house.order_refund("large", amount=20_000)
    house.follow()

    house.settle(house.lane())

    assert house.questions.counts() == {"landed": 7}
    assert len(house.logs("FundEscrow", REFUNDED)) == 2


def test_a_closing_waits_for_the_refunds_that_were_ordered_before_it(house: House) -> None:
    # given an investment that is cancelled while its campaign is open, and the closing with what is left
    house.company()
    house.campaign()
    house.fund("staying")
    house.fund("leaving")
    refunded = house.order_refund("leaving", live=True)
    closed = house.close(raised=10_000)
    house.follow()

    house.settle(house.lane())

    assert house.questions.counts() == {"landed": 6}
    assert (house.story(refunded).block_number or 0) < (house.story(closed).block_number or 0)
    assert (len(house.logs("campaign", WITHDRAWN)), len(house.logs("FundEscrow", REFUNDED))) == (1, 1)
    assert len(house.logs("campaign", CLOSED)) == 1


def test_an_investment_in_the_place_of_a_cancelled_one_waits_for_its_withdrawal_however_long(house: House) -> None:
    # given a campaign that is full on the chain, and in the journal has room again
    house.company()
    house.campaign(terms=msgspec.structs.replace(TERMS, funding_goal=10_000, cap=10_000))
    house.fund("leaving")
    lane = house.lane()
    house.follow()
    house.settle(lane)
    waiting = house.fund("coming")
    house.follow()
    for _ in range(30):
        exhaust(lane)
        house.chain.mine()
    assert (house.story(waiting).state, house.story(waiting).code) == ("queued", "CapExceeded")

    # when the withdrawal is ordered at last
    house.order_refund("leaving", live=True)
    house.follow()
    house.settle(lane)

    # then
    assert (house.story(waiting).state, house.story(waiting).outcome) == ("landed", "recorded")
    assert len(house.logs("campaign", RECORDED)) == 2


def test_the_changes_of_a_certificate_follow_each_other_and_hold_up_no_other(house: House) -> None:
    # given two certificates, and an order for the first that the chain cannot take: nothing was revoked
    house.company()
    house.campaign()
    house.fund("first")
    house.fund("second")
    house.close(raised=20_000)
    house.allot("first")
    house.allot("second")
    other = "0x" + "b2" * 20
    positions = [
        house.reissue("first", change="a", wallet=other),
        house.revoke("first", change="b"),
        house.approve_transfer("first", change="c", wallet=other),
        house.reissue("first", change="d", wallet=WALLET),
    ]
    alone = house.revoke("second", change="e")
    house.follow()

    # when
    house.settle(house.lane())

    # then each waited for the one before, the impossible one was rejected, and the rest went on
    stories = [house.story(position) for position in positions]
    assert [story.state for story in stories] == ["landed", "landed", "rejected", "landed"]
    assert stories[2].code == "CertificateNotHeld"
    blocks = [stories[place].block_number or 0 for place in (0, 1, 3)]
    assert blocks == sorted(set(blocks))
    assert house.story(alone).block_number == blocks[0], "another certificate waits for nobody"
    assert (len(house.logs("NFTShareCertificate", REISSUED)), len(house.logs("NFTShareCertificate", REVOKED))) == (2, 2)


def test_a_company_approved_twice_before_it_was_registered_is_registered_once(house: House) -> None:
    first = house.company()
    again = house.record(name("company"), KybApproved(wallet=WALLET, documents_hash="11" * 32))
    other = house.record(name("company"), KybApproved(wallet=WALLET, documents_hash="12" * 32))
    house.follow()

    house.settle(house.lane())

    outcomes = [house.story(position).outcome for position in (first, again, other)]
    assert outcomes == ["recorded", "already-recorded", "conflict"]
    assert len(house.logs("IssuerRegistry", REGISTERED)) == 1


def test_investments_of_one_campaign_ride_in_one_transaction(house: House) -> None:
    house.company()
    house.campaign()
    positions = [house.fund(f"investment-{number}") for number in range(30)]
    house.follow()

    house.settle(house.lane())

    stories = [house.story(position) for position in positions]
    assert len({story.tx_hash for story in stories}) == 1
    assert {story.outcome for story in stories} == {"recorded"}
    assert house.rows("SELECT count(*) FROM writer.slots") == [(3,)]


def test_campaigns_on_several_lanes_all_land_and_each_stays_on_its_lane(house: House) -> None:
    # given two signers with the roles, and campaigns spread over their lanes
    other = "0x" + "5a" * 32
    grant_all(house, KeySigner(other).address)
    lanes = ("lane-0", "lane-1")
    house.company()
    for number in range(8):
        house.campaign(f"campaign-{number}")
        house.fund(f"investment-{number}", campaign=f"campaign-{number}")
    house.follow(lanes=lanes)

    house.settle(house.lane("lane-0"), house.lane("lane-1", key=other))

    assert house.questions.counts() == {"landed": 17}
    used = house.rows("SELECT subject, count(DISTINCT lane), min(lane) FROM writer.intents GROUP BY subject")
    assert {count for _, count, _ in used} == {1}
    assert {lane for _, _, lane in used} == set(lanes)


def test_what_is_posted_before_is_landed_and_not_recorded_again(house: House) -> None:
    # given a journal that was posted, and a database of the writer that was lost
    house.company()
    house.campaign()
    house.fund("investment")
    house.follow()
    house.settle(house.lane())
    forget_everything(house)

    # when it is posted from the journal again
    house.follow()
    house.settle(house.lane())

    # then the contracts said that they have it
    assert house.questions.counts() == {"landed": 3}
    assert house.rows("SELECT DISTINCT outcome FROM writer.members") == [("already-recorded",)]
    assert len(house.logs("campaign", RECORDED)) == 1
    assert len(house.logs("campaign", ALREADY)) == 1


def test_other_content_under_a_known_key_is_rejected_as_a_conflict(house: House) -> None:
    # given a company that somebody registered with another wallet
    other = calls.register(
        company_id=name("company"), wallet="0x" + "b2" * 20, documents_hash=bytes(32), entry=b"\x01" * 32
    )
    house.chain.send(house.generation.addresses["IssuerRegistry"], other)
    position = house.company()
    house.follow()

    house.settle(house.lane())

    story = house.story(position)
    assert (story.state, story.outcome, story.code) == ("rejected", "conflict", "conflict")


def test_a_wallet_that_is_no_address_is_rejected_before_anything_is_signed(house: House) -> None:
    position = house.company(wallet="not an address")
    house.follow()

    house.settle(house.lane())

    story = house.story(position)
    assert (story.state, story.code) == ("rejected", "not-callable")
    assert house.rows("SELECT count(*) FROM writer.slots") == [(0,)]


def test_a_failing_member_is_refused_alone_and_the_others_land(house: House) -> None:
    # given one investment among many that the contract will not take
    house.company()
    house.campaign()
    for number in range(10):
        house.fund(f"good-{number}")
    bad = house.fund("bad", wallet="0x" + "00" * 20)
    for number in range(10, 20):
        house.fund(f"good-{number}")
    house.follow()

    house.settle(house.lane())

    story = house.story(bad)
    assert (story.state, story.code, story.nonce) == ("rejected", "InvestmentInvalid", None)
    assert len(house.logs("campaign", RECORDED)) == 20
    assert house.questions.counts() == {"landed": 22, "rejected": 1}


def test_a_role_that_is_missing_holds_the_work_until_an_operator_gives_it(house: House) -> None:
    # given a signer without any role
    key = "0x" + "5b" * 32
    position = house.company()
    house.follow()
    lane = house.lane(key=key)

    # when it tries for a long while
    for _ in range(30):
        exhaust(lane)
        house.chain.mine()
    held = house.story(position)

    # then nothing was signed and nothing rejected; with the role it lands
    assert (held.state, held.code, held.nonce) == ("queued", "AccessControlUnauthorizedAccount", None)
    grant_all(house, KeySigner(key).address)
    house.settle(lane)
    assert house.story(position).state == "landed"


def test_a_revert_on_the_chain_releases_the_members_which_land_when_it_passes(house: House) -> None:
    # given a creation that is signed and sent, and a factory that is paused before it is mined
    house.company()
    house.follow()
    lane = house.lane()
    house.settle(lane)
    position = house.campaign()
    house.follow()
    exhaust(lane)
    pause(house, "pause()")

    # when it has reverted, and the factory goes on
    house.chain.mine(3)
    exhaust(lane)
    assert house.story(position).releases == 1
    pause(house, "unpause()")
    house.settle(lane)

    # then it was created once
    assert house.story(position).state == "landed"
    assert len(house.logs("CampaignFactory", CREATED)) == 1
    assert house.rows("SELECT outcome, reason FROM writer.members WHERE outcome = 'released'") == [
        ("released", "reverted")
    ]


def test_a_campaign_whose_company_is_suspended_meanwhile_waits_until_it_is_reinstated(house: House) -> None:
    # given a campaign that was approved, and on the chain a company that is not active any more
    house.company()
    house.record(name("company"), CompanySuspended(reason="a complaint", by="compliance"))
    house.follow()
    lane = house.lane()
    house.settle(lane)
    position = house.campaign()
    house.follow()
    for _ in range(30):
        exhaust(lane)
        house.chain.mine()
    held = house.story(position)
    assert (held.state, held.code, held.nonce) == ("queued", "IssuerInactive", None)

    # when the company is reinstated at last
    house.record(name("company"), CompanyReinstated(reason="unfounded"))
    house.follow()
    house.settle(lane)

    # then
    assert (house.story(position).state, house.story(position).outcome) == ("landed", "recorded")
    assert len(house.logs("CampaignFactory", CREATED)) == 1


def test_a_new_generation_is_posted_from_the_first_entry(house: House) -> None:
    # given a journal that was posted to one generation
    house.company()
    house.campaign()
    house.fund("investment")
    house.follow()
    house.settle(house.lane())

    # when the contracts are deployed again, and the same journal is followed for them
    house.generation = deploy_again(house)
    house.follow()
    house.settle(house.lane())

    # then the new contracts have it all
    assert house.questions.counts() == {"landed": 6}
    assert len(house.logs("campaign", RECORDED)) == 1


def grant_all(house: House, address: str) -> None:
    for contract, role in ROLES.items():
        data = selector("grantRole(bytes32,address)") + encode(
            ["bytes32", "address"], [keccak(role.encode("ascii")), address]
        )
        receipt = house.chain.send(house.generation.addresses[contract], data, key=house.chain.deployer_key)
        assert receipt["status"] == "0x1"


def pause(house: House, signature: str) -> None:
    """As the admin, for a price, so that it is mined before whatever waits for nothing."""
    account = Account.from_key(house.chain.deployer_key)
    signed = account.sign_transaction(
        {
            "chainId": house.generation.chain_id,
            "nonce": house.chain.rpc.number("eth_getTransactionCount", account.address, "latest"),
            "gas": 200_000,
            "gasPrice": 1_000,
            "value": 0,
            "to": house.generation.addresses["CampaignFactory"],
            "data": selector(signature),
        }
    )
    house.chain.rpc.call("anvil_setBalance", account.address, hex(10**18))
    house.chain.rpc.call("eth_sendRawTransaction", "0x" + signed.raw_transaction.hex())
    house.chain.mine()


def forget_everything(house: House) -> None:
    """A database of the writer that was lost: what no statement may delete is made anew by its owner."""
    with psycopg.connect(house.database) as owner:
        owner.execute("SET session_replication_role = replica")
        for table in ("submissions", "members", "slots", "intents", "lanes", "followers"):
            owner.execute(f"DELETE FROM writer.{table}")


def deploy_again(house: House) -> Generation:
    plan = Path(tempfile.mkdtemp()) / "plan.json"
    return contracts.deploy(
        house.chain.rpc,
        deployer_key=house.chain.deployer_key,
        signers=[house.chain.signer],
        base_uri=BASE_URI,
        plan=plan,
        gas_price_wei=0,
        wait=house.chain.mine,
    )
