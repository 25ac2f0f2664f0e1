"""The HTTP surface, point by point of what is known about ProHandel's API."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
import requests

from mercurios.sources.prohandel.resources import RESOURCES as CONTRACT
from prohandel_simulator.rendering import render_row
from prohandel_simulator.schema import FIELDS, RESOURCES
from prohandel_simulator.testing import running_simulator

TIMEOUT = 30
SALE_FIELDS = [
    "articleNumber",
    "branchNumber",
    "articleSizeNumber",
    "customerNumber",
    "currencyNumber",
    "countryNumber",
    "zipCode",
    "alternativeReceiptNumber",
    "staffNumber",
    "receiptNumber",
    "date",
    "purchasePrice",
    "id",
    "cashierNumber",
    "discount",
    "cashRegisterNumber",
    "deduction",
    "staffDiscount",
    "receiptPosition",
    "priceChangeReasonNumber",
    "returnReasonNumber",
    "quantity",
    "salePrice",
    "labelPrice",
    "paymentOptionNumber",
    "time",
    "type",
    "lastChange",
    "isDeleted",
]
UUID_TEXT = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


def test_token_response_has_the_recorded_shape_and_lifetimes(client):
    response = requests.post(
        f"{client.simulator.auth_url}/token", json=client.simulator.credentials("mini"), timeout=TIMEOUT
    )
    body = response.json()

    assert response.status_code == 200
    assert list(body) == ["token", "serverUrl", "requiredActions"]
    assert body["serverUrl"] == client.simulator.server_url("mini")
    assert body["requiredActions"] == []
    access, refresh = body["token"]["token"], body["token"]["refreshToken"]
    assert (access["name"], access["expiresIn"], len(access["value"])) == ("token", 1800, 680)
    assert (refresh["name"], refresh["expiresIn"], len(refresh["value"])) == ("refreshToken", 86400, 560)


def test_token_request_ignores_property_case_and_a_tenant_id(client):
    given = client.simulator.credentials("mini")
    body = {"ApiKey": given["apiKey"], "Secret": given["secret"], "TenantId": "whatever"}

    response = requests.post(f"{client.simulator.auth_url}/token", json=body, timeout=TIMEOUT)

    assert response.status_code == 200


@pytest.mark.parametrize("body", ['{"apiKey":"demo-key-mini","secret":"wrong"}', "{}"])
def test_wrong_credentials_answer_401_with_a_json_error(client, body):
    response = requests.post(f"{client.simulator.auth_url}/token", data=body, timeout=TIMEOUT)

    assert response.status_code == 401
    assert set(response.json()) == {"error", "message", "correlationId"}


def test_a_token_request_that_is_no_json_answers_400(client):
    response = requests.post(f"{client.simulator.auth_url}/token", data="apiKey=x", timeout=TIMEOUT)

    assert response.status_code == 400


def test_refresh_token_gives_a_new_access_token_and_access_token_does_not(client):
    url = f"{client.simulator.auth_url}/token"
    issued = requests.post(url, json=client.simulator.credentials("mini"), timeout=TIMEOUT).json()["token"]

    def refresh(kind: str) -> requests.Response:
        header = {"Authorization": f"Bearer {issued[kind]['value']}"}
        return requests.post(f"{url}/refresh", json={}, headers=header, timeout=TIMEOUT)

    fresh = refresh("refreshToken").json()["token"]["token"]["value"]
    assert fresh != issued["token"]["value"]
    assert refresh("token").status_code == 401


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer nonsense"}, {"x-api-key": "demo-key-mini"}]
)
def test_api_without_a_valid_token_answers_401(client, headers):
    url = f"{client.simulator.server_url('mini')}/api/v2/sale"

    response = requests.get(url, headers=headers, timeout=TIMEOUT)

    assert response.status_code == 401
    assert "invalid_token" in response.headers["WWW-Authenticate"]


def test_a_token_expires_in_real_time_and_opens_no_other_tenant(client):
    with running_simulator(["mini"], access_seconds=0) as simulator:
        issued = requests.post(
            f"{simulator.auth_url}/token", json=simulator.credentials("mini"), timeout=TIMEOUT
        )
        header = {"Authorization": f"Bearer {issued.json()['token']['token']['value']}"}
        response = requests.get(
            f"{simulator.server_url('mini')}/api/v2/sale", headers=header, timeout=TIMEOUT
        )
        assert response.status_code == 401
    other = f"{client.simulator.base_url}/t/modehaus/api/v2/sale"
    header = {"Authorization": f"Bearer {client.token}"}
    assert requests.get(other, headers=header, timeout=TIMEOUT).status_code == 404


def test_list_answers_carry_the_recorded_headers_and_the_simulated_date(client):
    response = client.get("sale", page=2, pagesize=5)

    assert response.headers["Content-Type"] == "application/json; charset=utf-8"
    assert (response.headers["X-Page"], response.headers["X-Pagesize"]) == ("2", "5")
    assert response.headers["X-More-Pages-Available"] == "True"
    assert UUID(response.headers["X-Correlation-ID"])
    assert response.headers["api-supported-versions"].startswith("2.0, 2.5, 2.6")
    assert response.headers["api-supported-versions"].endswith("2.29")
    assert response.headers["Date"] == "Wed, 04 Mar 2026 04:00:00 GMT"
    assert not {"ETag", "Link", "Retry-After"} & set(response.headers)


@pytest.mark.parametrize(
    ("query", "page", "size"),
    [
        ({}, "1", 100),
        ({"Page": 2, "PageSize": 7}, "2", 7),
        ({"PAGESIZE": 5000}, "1", 1000),
        ({"page": 0, "pagesize": 0}, "1", 100),
        ({"page": "x", "pagesize": 3, "lastChange_gt": "2026-01-01", "sort": "-date"}, "1", 3),
    ],
)
def test_paging_parameters_ignore_case_nonsense_and_unknown_names(client, query, page, size):
    response = client.get("sale", **query)

    assert response.status_code == 200
    assert (response.headers["X-Page"], response.headers["X-Pagesize"]) == (page, str(size))
    assert len(response.json()) == size


def test_pages_cover_the_list_once_and_the_last_one_says_so(client):
    whole = client.get("articlesize", pagesize=1000).json()
    paged, page, more = [], 0, "True"
    while more == "True":
        page += 1
        response = client.get("articlesize", page=page, pagesize=97)
        paged += response.json()
        more = response.headers["X-More-Pages-Available"]

    assert paged == whole
    beyond = client.get("articlesize", page=page + 1, pagesize=97)
    assert (beyond.status_code, beyond.content) == (200, b"[]")
    assert beyond.headers["X-More-Pages-Available"] == "False"


def test_a_full_last_page_is_known_as_the_last(client):
    count = len(client.rows("branch"))

    response = client.get("branch", pagesize=count)

    assert response.headers["X-More-Pages-Available"] == "False"


@pytest.mark.parametrize("resource", ["shop", "customercard"])
def test_shop_and_customercard_are_empty(client, resource):
    response = client.get(resource)

    assert (response.status_code, response.content) == (200, b"[]")


@pytest.mark.parametrize(
    "path",
    [
        "sales",
        "articles",
        "branches",
        "orderposition",
        "brand",
        "stock",
        "sale/x",
        "order/changed/2026-01-01",
    ],
)
def test_unknown_resources_and_plurals_answer_404(client, path):
    assert client.get(path).status_code == 404


def test_the_api_exists_only_below_api_v2(client):
    for wrong in ("sale", "api/v2sale", "api/v1/sale", "api/v2", "api/v2/auth/token"):
        url = f"{client.simulator.server_url('mini')}/{wrong}"
        header = {"Authorization": f"Bearer {client.token}"}
        assert requests.get(url, headers=header, timeout=TIMEOUT).status_code == 404, wrong


def test_sales_come_newest_receipt_number_first_then_by_position(client):
    keys = [(-row["receiptNumber"], row["receiptPosition"]) for row in client.rows("sale")]

    assert keys == sorted(keys)


@pytest.mark.parametrize(
    "resource", ["article", "customer", "supplier", "category", "voucher", "invoice", "branch"]
)
def test_masters_come_by_business_number(client, resource):
    numbers = [row["number"] for row in client.rows(resource)]

    assert numbers == sorted(numbers)


@pytest.mark.parametrize("resource", ["inventory", "payment"])
def test_inventory_and_payment_come_in_no_visible_order(client, resource):
    rows = client.rows(resource)

    for name in ("date", "lastChange", "branchNumber", "id"):
        assert [row[name] for row in rows] != sorted(row[name] for row in rows)


def test_sale_fields_are_complete_and_in_wire_order(client):
    assert list(client.get("sale", pagesize=1).json()[0]) == SALE_FIELDS


@pytest.mark.parametrize("resource", RESOURCES)
def test_every_row_has_the_same_fields_in_the_same_order(client, resource):
    names = [field.name for field in FIELDS[resource]]

    rows = client.rows(resource)

    assert rows
    assert all(list(row) == names for row in rows)


@pytest.mark.parametrize("resource", [*RESOURCES, "order.positions"])
def test_client_contract_and_simulator_know_the_same_fields(resource):
    contract = CONTRACT[resource]
    known = (
        contract.fields
        | contract.dropped
        | {child.child_field for child in CONTRACT.values() if child.child_of == resource}
    )

    assert known == {field.name for field in FIELDS[resource]}


@pytest.mark.parametrize("resource", RESOURCES)
def test_rows_written_one_by_one_equal_rows_written_in_columns(client, resource):
    collection = client.simulator.world("mini").collections[resource]

    for slot in collection.visible[:50]:
        assert render_row(resource, collection.read(int(slot))) == collection.raw(int(slot))


def test_sale_numbers_and_dates_are_written_exactly_as_recorded(client):
    money = r"-?\d+\.\d\d"
    pattern = (
        r'\{"articleNumber":\d{9}\.0,"branchNumber":\d+,"articleSizeNumber":\d{9}(?:\d{4})?\.0,"customerNumber":\d+,'
        r'"currencyNumber":"","countryNumber":"","zipCode":"","alternativeReceiptNumber":"","staffNumber":\d+,'
        rf'"receiptNumber":\d+,"date":"\d{{4}}-\d\d-\d\dT00:00:00","purchasePrice":{money},"id":"{UUID_TEXT}",'
        rf'"cashierNumber":\d+,"discount":{money},"cashRegisterNumber":\d+,"deduction":{money},"staffDiscount":0\.00,'
        rf'"receiptPosition":\d+,"priceChangeReasonNumber":0,"returnReasonNumber":0,"quantity":-?1\.00,'
        rf'"salePrice":{money},"labelPrice":\d+\.\d\d,"paymentOptionNumber":\d+,"time":\d+,"type":[0-3],'
        r'"lastChange":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{0,6}[1-9])?","isDeleted":false\}'
    )
    body = client.get("sale", pagesize=1000).content.decode()

    assert re.fullmatch(rf"\[{pattern}(?:,{pattern})*\]", body)


def test_fractions_of_last_change_vary_between_none_and_seven_digits(client):
    stamps = [row["lastChange"] for row in client.rows("sale")]

    digits = {len(stamp.partition(".")[2]) for stamp in stamps}

    assert {0, 5, 6, 7} <= digits <= set(range(8))


def test_article_numbers_money_and_missing_dates_are_written_exactly(client):
    body = client.get("article", pagesize=1000).content.decode()

    assert len(re.findall(r'"number":\d{9}\.0,', body)) == 40
    assert len(re.findall(r'"purchasePrice":\d+\.\d\d,', body)) == 40
    assert '"firstOrderDate":null' in body
    assert '"firstPurchaseDate":"1990-01-01T00:00:00"' in body
    assert not re.search(r'"(name|description|ean|stock\w*|tax\w*)":', body)


def test_text_is_raw_utf8_without_spaces_and_dirty_where_the_field_is(client):
    body = client.get("category").content

    assert "Wäsche".encode() in body
    assert b'": ' not in body
    assert b"\\u00" not in body
    assert b"\\r\\n" in client.get("branch").content
    assert any(
        text.endswith(" ")
        for row in client.rows("supplier") + client.rows("customer")
        for text in (row["info1"], row["info2"])
    )


def test_orders_nest_their_positions_and_carry_no_last_change(client):
    orders = client.rows("order")

    assert all("lastChange" not in order and "isDeleted" not in order for order in orders)
    positions = [position for order in orders for position in order["positions"]]
    assert all(
        position["orderNumber"] == order["number"] for order in orders for position in order["positions"]
    )
    assert all(one["backlogAmount"] == one["orderAmount"] - one["deliveredAmount"] for one in positions)
    assert any(one["deliveredAmount"] == 0 and one["expectedArrival"] >= "2026-03-04" for one in positions)
    assert all(one["expectedArrival"] < "2026-03-04" for one in positions if one["deliveredAmount"] > 0)


def test_ids_are_unique(client):
    for resource in RESOURCES:
        ids = [row["id"] for row in client.rows(resource)]
        assert len(set(ids)) == len(ids), resource


def test_people_are_obviously_invented(client):
    for row in client.rows("customer"):
        assert row["email"].endswith("@example.com")
        assert re.search("muster|beispiel|probe|tester|platzhalter", row["lastName"].lower())


def test_last_changes_are_utc_unless_the_world_writes_local_time():
    with (
        running_simulator(["mini"], instants_in="Europe/Berlin") as local,
        running_simulator(["mini"]) as utc,
    ):
        pairs = zip(local.truth("mini", "sale"), utc.truth("mini", "sale"), strict=True)
        written = {(int(a["lastChange"][11:13]) - int(b["lastChange"][11:13])) % 24 for a, b in pairs}
        assert written == {1, 2}
