"""Commands over HTTP: what they answer, that they happen once, and what the headers mean."""

from __future__ import annotations

from tests.unit.api.house import ApiHouse, done, refused

COMPANY = {
    "legal_name": "Selam Coffee PLC",
    "tax_number": "ET-1",
    "sector": "agriculture",
    "registration_year": 2019,
    "wallet": "0x00000000000000000000000000000000000000a1",
}


def test_a_first_command_answers_where_it_stands(house: ApiHouse) -> None:
    response = house.post("issuer", "/v1/companies", COMPANY)
    answer = done(response)
    print(answer, response.headers)
    house.project()
    for path in (
        "/v1/companies",
        f"/v1/companies/{answer['id']}",
        "/v1/campaigns",
        "/v1/me",
        "/v1/investors",
        f"/v1/streams/{answer['id']}/timeline",
        "/v1/operations/1",
        f"/v1/operations?stream={answer['id']}",
    ):
        print(path, house.get("issuer", path).text[:600])
    print(house.get("auditor", "/v1/events").text)
    for p in ("/healthz", "/readyz", "/metrics", "/v1/openapi.json", "/nothing"):
        print(p, house.http.get(p).text[:3000])
    print(house.http.delete("/v1/companies").text, house.http.delete("/v1/companies").headers)
    assert 0
