"""The documents of certificates over HTTP: to anybody, the bytes that the chain knows the hash of."""

from __future__ import annotations

from hashlib import sha256
from uuid import UUID, uuid4

import pytest

from abis.certificates import content_hash_of, token_uri
from domain.journal import Entry, JournalReader
from domain.topics import codec
from tests.support.roles import as_room
from tests.unit.api.house import ApiHouse, refused
from tests.unit.api.steps import Story


def allotment(story: Story) -> Entry:
    reader = JournalReader(as_room(story.house.database, "api"), codec=codec())
    try:
        (entry,) = (e for e in reader.stream(UUID(story.investment)) if e.topic == "investment.allotted")
    finally:
        reader.close()
    return entry


@pytest.fixture
def certified(story: Story) -> Story:
    story.invested().pay().close().certify()
    story.house.project()
    return story


def test_a_token_uri_leads_anybody_to_the_bytes_that_its_hash_is_of(certified: Story) -> None:
    entry = allotment(certified)
    expected = content_hash_of(
        investment_id=entry.stream, campaign_id=UUID(certified.campaign), shares=entry.event.shares, entry=entry.leaf
    )
    uri = token_uri(
        f"{certified.house.url}/v1/certificates/", investment_id=UUID(certified.investment), content_hash=expected
    )

    answer = certified.house.http.get(uri)

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert sha256(answer.content).hexdigest()[:48] == expected.hex() == uri[-48:]
    assert answer.headers["ETag"] == f'"sha256-192={expected.hex()}"'
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    said = answer.json()
    assert (said["certificate_id"], said["campaign_id"]) == (certified.investment, certified.campaign)
    assert (said["shares"], said["entry"]) == (str(entry.event.shares), entry.leaf.hex())


def test_the_document_says_nothing_of_the_holder(certified: Story) -> None:
    answer = certified.house.http.get(f"/v1/certificates/{certified.investment}/metadata")
    assert answer.status_code == 200
    assert entry_wallet(certified)[2:] not in answer.text.lower()


def entry_wallet(story: Story) -> str:
    wallet: str = allotment(story).event.wallet
    return wallet.lower()


@pytest.mark.parametrize("how", ["{tag}", "W/{tag}", '"other", {tag}', "*"])
def test_who_has_the_document_hears_that_it_is_the_same(certified: Story, how: str) -> None:
    path = f"/v1/certificates/{certified.investment}/metadata"
    tag = certified.house.http.get(path).headers["ETag"]
    again = certified.house.http.get(path, headers={"If-None-Match": how.format(tag=tag)})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    other = certified.house.http.get(path, headers={"If-None-Match": '"sha256-192=00"'})
    assert other.status_code == 200


def test_before_the_allotment_there_is_no_certificate(story: Story) -> None:
    story.invested().pay()
    story.house.project()
    answer = story.house.http.get(f"/v1/certificates/{story.investment}/metadata")
    refused(answer, 404, "not-found")
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("name", ["nobody", "0x" + "1" * 32, "1" * 33, "1" * 31, "g" * 32])
def test_what_is_no_id_is_not_found(shared: ApiHouse, name: str) -> None:
    refused(shared.http.get(f"/v1/certificates/{name}/metadata"), 404, "not-found")


def test_an_id_that_nobody_has_is_not_found(shared: ApiHouse) -> None:
    refused(shared.http.get(f"/v1/certificates/{uuid4().hex}/metadata"), 404, "not-found")
