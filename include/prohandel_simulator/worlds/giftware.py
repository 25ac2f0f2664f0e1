"""The British gift-ware web shop: real sales, moved by whole weeks so that their last week is last week.

What the source lacks (stock, purchase orders, categories, people) is added around it; what is wrong in it stays,
because an ERP would deliver it too. Mapping:

* An invoice is a receipt of till 1: receipt number = 1 followed by the invoice's six digits; lines keep their order,
  exact duplicates stay separate lines with their own position. `C` invoices are returns (type 1, payment 99).
* A stock code is an article, letters in upper case (`85123a` and `85123A` are one); codes that are no articles
  (POST, M, BANK CHARGES, ...) get articles of the service category, without stock.
* `salePrice` = quantity x unit price; the label price is the usual price when that is higher, the rest is discount.
* Stock = goods received - sum of `quantity` over all lines, so a write-off (negative quantity at price 0) adds back,
  which is how the source signs it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from prohandel_simulator.rendering import TICKS
from prohandel_simulator.worlds import assortment, calendar, documents, giftware_stock, masters
from prohandel_simulator.worlds.giftware_source import PARQUET, Source, read_source
from prohandel_simulator.worlds.model import State, Table, WorldData, days, fractions, rng_for
from prohandel_simulator.worlds.orders import order_table

ZONE = "Europe/London"
TILL = 1
FIRST_ARTICLE = 200_000_001
_RECENT_DAYS = 61
_KEYING_MISTAKE = 10_000
_CHRISTMAS = ("CHRISTMAS", "XMAS", "ADVENT", "SANTA", "REINDEER")
_CATEGORIES: tuple[tuple[int, str, tuple[str, ...]], ...] = (
    (3110, "Christmas", _CHRISTMAS),
    (3120, "Bags and cases", ("BAG", "CASE", "PURSE", "SATCHEL")),
    (3130, "Candles and lights", ("CANDLE", "LIGHT", "LANTERN", "LAMP")),
    (
        3140,
        "Kitchen and tableware",
        ("MUG", "CUP", "PLATE", "BOWL", "TEA", "CAKE", "JAR", "TIN", "SPOON", "KITCHEN"),
    ),
    (3150, "Stationery and cards", ("CARD", "PAPER", "WRAP", "NOTEBOOK", "PENCIL", "STICKER", "TISSUE")),
    (3160, "Jewellery", ("NECKLACE", "BRACELET", "EARRING", "RING ", "BROOCH")),
    (3170, "Toys and children", ("TOY", "CHILDREN", "DOLL", "GAME", "PLAY", "BABY", "SPACEBOY", "DOLLY")),
    (3180, "Signs and frames", ("SIGN", "FRAME", "CLOCK", "MIRROR", "HOOK", "DOORMAT")),
    (3190, "Garden and home", ("GARDEN", "CUSHION", "HEART", "FLOWER", "DRAWER", "BOX", "BASKET")),
    (3200, "Other gifts", ()),
)
_SERVICE = 9910
_PLATES = {
    "United Kingdom": "GB",
    "Germany": "D",
    "France": "F",
    "EIRE": "IRL",
    "Spain": "E",
    "Netherlands": "NL",
    "Belgium": "B",
    "Switzerland": "CH",
    "Portugal": "P",
    "Italy": "I",
    "Austria": "A",
    "Denmark": "DK",
    "Poland": "PL",
}


def _names(source: Source) -> list[str]:
    """The description most often written for each code; remarks in lower case are notes, not names."""
    texts, code = np.unique(source.description.astype("U64"), return_inverse=True)
    proper = np.array([bool(text) and text.upper() == text and "?" not in text for text in texts])
    keep = proper[code]
    pairs, counts = np.unique(source.row[keep] * len(texts) + code[keep], return_counts=True)
    names = [""] * len(source.codes)
    for index in np.argsort(counts, kind="stable"):
        names[pairs[index] // len(texts)] = str(texts[pairs[index] % len(texts)]).strip()
    return names


def _category(name: str, code: str) -> int:
    if not code[:5].isdigit():
        return _SERVICE
    return next((number for number, _, words in _CATEGORIES if any(word in name for word in words)), 3200)


def _usual_price(source: Source) -> np.ndarray:
    paid = np.flatnonzero((source.cents > 0) & (source.quantity > 0))
    order = paid[np.lexsort((source.cents[paid], source.row[paid]))]
    rows, first, counts = np.unique(source.row[order], return_index=True, return_counts=True)
    price = np.zeros(len(source.codes), dtype=np.int64)
    price[rows] = source.cents[order[first + counts // 2]]
    return price


def _articles(source: Source, seed: int) -> State:
    rng = rng_for(seed, "articles")
    count = len(source.codes)
    names = _names(source)
    category = np.array([_category(name, code) for name, code in zip(names, source.codes, strict=True)])
    weeks = np.unique(source.row * 1000 + (source.day - source.day.min()) // 7) // 1000
    sold_weeks = np.bincount(weeks, minlength=count)
    price = _usual_price(source)
    internal = rng.random(count) < 0.07
    eans = assortment.ean13(280_000_000_000 + np.arange(count) * 3 + 500)
    return {
        "article_number": FIRST_ARTICLE + np.arange(count),
        "article_category": category,
        "article_name": np.array(names),
        "article_code": source.codes,
        "article_nos": (sold_weeks >= 40) & (category != _SERVICE) & (category != 3110),
        "article_price": price,
        "article_price_now": price.copy(),
        "article_supplier": 60_001 + np.arange(count) * 7919 % 40,
        "article_purchase": price * 45 // 100,
        "article_lead": rng.integers(2, 5, count),
        "article_pack": rng.choice([1, 6, 12, 24], count, p=[0.25, 0.25, 0.35, 0.15]),
        "article_ean": np.where(internal, "", eans.astype("U13")),
        "article_sku": np.where(internal, 900_000_001 + np.arange(count), eans),
    }


def _rows(state: State) -> State:
    count = len(state["article_number"])
    service = state["article_category"] == _SERVICE
    return {
        "row_article": np.arange(count),
        "row_article_number": state["article_number"],
        "row_branch_slot": np.zeros(count, dtype=np.int64),
        "row_branch": np.ones(count, dtype=np.int64),
        "row_size": np.full(count, "ONE"),
        "row_size_group": np.full(count, 8),
        "row_size_place": np.ones(count, dtype=np.int64),
        "row_sku": state["article_sku"],
        "row_ean": state["article_ean"],
        "row_supplier": state["article_supplier"],
        "row_purchase": state["article_purchase"],
        "row_first_price": state["article_price"],
        "row_price": state["article_price"].copy(),
        "row_nos": state["article_nos"],
        "row_service": service,
        "row_lost": np.zeros(count, dtype=np.int64),
        "branch_number": np.array([1]),
        "branch_web": np.array([True]),
        "staff_number": np.arange(11, 21),
        "till_number": np.array([TILL]),
    }


def _people(source: Source, state: State, seed: int, today: int) -> tuple[dict[str, Table], np.ndarray]:
    rng = rng_for(seed, "people")
    known, first, back = np.unique(source.customer, return_index=True, return_inverse=True)
    numbers = np.sort(rng.choice(9_000_000, len(known), replace=False)) + 10_000_000
    numbers[known == 0] = 0
    plates = [
        _PLATES.get(str(source.country[index]), "") for index, who in zip(first, known, strict=True) if who
    ]
    real = numbers[known > 0]
    home = np.ones(len(real), dtype=np.int64)
    staff = masters.staff(
        rng, state["staff_number"], np.ones(len(state["staff_number"]), dtype=np.int64), today
    )
    people = {"customer": masters.customers(rng, real, plates, home, today), "staff": staff}
    state["customer_number"] = real
    return people, numbers[back]


def _sales(source: Source, state: State, customer: np.ndarray, seed: int) -> Table:
    rng = rng_for(seed, "receipts")
    invoices, first, receipt = np.unique(source.invoice, return_index=True, return_inverse=True)
    counts = np.bincount(receipt)
    order = np.argsort(receipt, kind="stable")
    place = np.empty(len(source), dtype=np.int64)
    place[order] = np.arange(len(source)) - np.repeat(np.cumsum(counts) - counts, counts) + 1
    time, day = source.time[first][receipt], source.day[first][receipt]
    paid = source.quantity * source.cents
    label = np.where(source.cents > 0, np.maximum(source.cents, state["article_price"][source.row]), 0)
    label = np.where(state["row_service"][source.row], np.maximum(source.cents, 0), label)
    staff = state["staff_number"][rng.integers(0, len(state["staff_number"]), len(invoices))]
    payment = rng.choice([1, 2, 85, 88], len(invoices))
    back = source.kind == "C"
    lag = rng.integers(20, 900, len(invoices))
    stamp = calendar.ticks_at(day, time, ZONE) + lag[receipt] * TICKS + fractions(rng, len(source))
    columns: dict[str, Any] = {
        "articleNumber": state["article_number"][source.row],
        "branchNumber": 1,
        "articleSizeNumber": state["article_sku"][source.row],
        "customerNumber": customer,
        "staffNumber": staff[receipt],
        "receiptNumber": TILL * 1_000_000 + source.invoice,
        "date": days(day),
        "purchasePrice": state["article_purchase"][source.row] * source.quantity,
        "cashierNumber": 997,
        "discount": np.where(source.cents < 0, 0, label * source.quantity - paid),
        "cashRegisterNumber": TILL,
        "receiptPosition": place,
        "quantity": source.quantity * 100,
        "salePrice": paid,
        "labelPrice": label,
        "paymentOptionNumber": np.where(back, 99, payment[receipt]),
        "time": time,
        "type": np.where(back, 1, 0),
        "lastChange": stamp,
    }
    return Table(columns, len(source))


def _recent(source: Source, customer: np.ndarray, last_day: int) -> State:
    """Lines of the last weeks, from which the clock draws whole invoices; keying mistakes are not repeated."""
    wrong = np.unique(source.invoice[(np.abs(source.quantity) >= _KEYING_MISTAKE) | (source.kind == "A")])
    keep = np.flatnonzero((source.day > last_day - _RECENT_DAYS) & ~np.isin(source.invoice, wrong))
    return {
        "recent_day": source.day[keep],
        "recent_time": source.time[keep],
        "recent_invoice": source.invoice[keep],
        "recent_row": source.row[keep],
        "recent_units": source.quantity[keep],
        "recent_cents": source.cents[keep],
        "recent_customer": customer[keep],
        "recent_return": source.kind[keep] == "C",
    }


def _article_table(state: State, seed: int, first_day: int, today: int) -> Table:
    rng = rng_for(seed, "article rows")
    count = len(state["article_number"])
    stamp = first_day * 864_000_000_000 + rng.integers(0, (today - first_day) * 80_000, count) * 10_000_000
    names = state["article_name"].tolist()
    columns: dict[str, Any] = {
        "isActive": state["row_last_sale"] > today - 120,
        "text1": names,
        "purchasePrice": state["article_purchase"],
        "firstPurchaseDate": days(state["row_first_receipt"]),
        "lastPurchaseDate": days(state["row_last_receipt"]),
        "manufacturerNumber": state["article_supplier"],
        "supplierArticleNumber": state["article_code"].tolist(),
        "isNOS": state["article_nos"],
        "number": state["article_number"],
        "price": state["article_price"],
        "firstSaleDate": days(state["row_first_sale"]),
        "lastSaleDate": days(state["row_last_sale"]),
        "labelPrice": state["article_price"],
        "calculatedPrice": state["article_price"],
        "labelNumber": 1,
        "currencyNumber": "GBP",
        "countryNumber": "GB",
        "supplierNumber": state["article_supplier"],
        "seasonNumber": np.where(state["article_category"] == 3110, 2, 1),
        "categoryNumber": state["article_category"],
        "lastChange": stamp + fractions(rng, count),
    }
    return Table(columns, count)


def _masters(state: State, seed: int, first_day: int, today: int) -> dict[str, Table]:
    rng = rng_for(seed, "masters")
    names = [(number, name, False) for number, name, _ in _CATEGORIES]
    span = np.array([first_day, first_day]), np.array([-1, -1])
    sizes, currency = {8: ["ONE"]}, "GBP"
    numbers = np.unique(state["article_supplier"])
    return {
        "branch": masters.branches([(1, "Gift-ware Web Shop", "London", True)], "GB"),
        "category": masters.categories([*names, (_SERVICE, "Service", True)]),
        "supplier": masters.suppliers(rng, numbers, currency),
        "season": masters.seasons(np.array([1, 2]), ["Core range", "Christmas"], *span),
        "size": masters.sizes(sizes),
        "label": masters.labels(),
        "country": masters.countries(),
        "currency": masters.currencies(currency),
    }


def generate(name: str, seed: int, today: int, instants_in: str = "UTC", path: Path = PARQUET) -> WorldData:
    """Generate the world; its data end on a Friday, and the clock adds the days from then to `today`."""
    source = read_source(today, path)
    first_day, last_day = int(source.day.min()), int(source.day.max())
    state = _articles(source, seed)
    state |= _rows(state)
    people, customer = _people(source, state, seed, today)
    positions = giftware_stock.build(source, state, seed, first_day, last_day)
    state |= _recent(source, customer, last_day)
    state["till_last"] = np.array([TILL * 1_000_000 + int(source.invoice.max())])
    tables = _masters(state, seed, first_day, today) | people
    tables["sale"] = _sales(source, state, customer, seed)
    tables["order"], opened = order_table(positions, state, ZONE, seed, instants_in)
    state |= opened
    tables["article"] = _article_table(state, seed, first_day, last_day)
    tables["articlesize"] = assortment.stock_table(state, seed, last_day, "GBP")
    numbers = np.array([number for number, _, _ in _CATEGORIES])
    tables["inventory"] = documents.inventories(seed, np.array([1]), numbers, first_day, last_day)
    tables |= documents.money(seed, tables["sale"], "GBP", min(800, len(source)), last_day)
    return WorldData(tables, state, ZONE, last_day + 1)
