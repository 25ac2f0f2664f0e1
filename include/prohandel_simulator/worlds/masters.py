"""Small masters and people. Every person here is invented and looks it: example domains, `Muster` names."""

from __future__ import annotations

from typing import Any

import numpy as np

from prohandel_simulator.worlds.model import MIGRATED, Table, days, fractions

_FIRST = ["Mia", "Emma", "Jörg", "Björn", "Käthe", "Paul", "Ünal", "Sofia", "Noah", "Greta"]
_LAST = ["Muster", "Beispiel", "Probe", "Mustermann", "Tester", "Platzhalter", "Müller-Muster"]
_CITIES = ["Musterstadt", "Beispielhausen", "Probedorf", "Testing am See"]
_SUPPLIERS = [
    "Nordfaden",
    "Alpenstoff",
    "Webwerk",
    "Linnea",
    "Tuchhaus",
    "Strickart",
    "Maschenwerk",
    "Saumland",
]
_FORMS = ["GmbH", "AG", "KG", "B.V.", "S.r.l.", "ApS"]
_COUNTRIES = [
    # plate, name, domain, EU, alpha 2, alpha 3, currency
    ("A", "Österreich", "at", True, "AT", "AUT", "EUR"),
    ("B", "Belgien", "be", True, "BE", "BEL", "EUR"),
    ("CH", "Schweiz", "ch", False, "CH", "CHE", "CHF"),
    ("D", "Deutschland", "de", True, "DE", "DEU", "EUR"),
    ("DK", "Dänemark", "dk", True, "DK", "DNK", "DKK"),
    ("E", "Spanien", "es", True, "ES", "ESP", "EUR"),
    ("F", "Frankreich", "fr", True, "FR", "FRA", "EUR"),
    ("GB", "Großbritannien", "uk", False, "GB", "GBR", "GBP"),
    ("I", "Italien", "it", True, "IT", "ITA", "EUR"),
    ("IRL", "Irland", "ie", True, "IE", "", "EUR"),
    ("NL", "Niederlande", "nl", True, "NL", "NLD", "EUR"),
    ("P", "Portugal", "pt", True, "PT", "PRT", "EUR"),
    ("PL", "Polen", "pl", True, "PL", "POL", "PLN"),
]


def countries() -> Table:
    """Countries, keyed by number plate code."""
    plates, names, domains, eu, two, three, money = (list(part) for part in zip(*_COUNTRIES, strict=True))
    columns: dict[str, Any] = {"currencyNumber": money, "countryName": names, "domain": domains, "isEU": eu}
    columns |= {"isoAlpha2": two, "isoAlpha3": three, "searchTerm": [name.upper() for name in names]}
    return Table(columns | {"number": plates, "lastChange": MIGRATED}, len(plates))


def currencies(home: str) -> Table:
    """Two currencies: the home one, and another whose course is what a unit of it is worth in the home one."""
    other, course = ("DEM", 0.511292) if home == "EUR" else ("EUR", 0.855)
    columns = {"unit": 1, "isoAlpha3": [other, home], "course": [course, 1.0], "number": [other, home]}
    return Table(columns | {"lastChange": MIGRATED}, 2)


def labels() -> Table:
    """Label layouts."""
    names = ["Hängeetikett", "Klebeetikett", "Schuhkarton", "Preisschild klein"]
    numbers = np.array([10010, 10020, 10030, 10040])
    return Table({"name": names, "searchTerm": "", "number": numbers, "lastChange": MIGRATED}, 4)


def categories(rows: list[tuple[int, str, bool]]) -> Table:
    """Categories of four digits, whose first three and two digits are the upper levels."""
    numbers = np.array([number for number, _, _ in rows])
    columns: dict[str, Any] = {
        "departmentNumber": numbers // 1000,
        "mainDepartmentNumber": 1,
        "mainCategoryNumber": numbers // 100,
        "generalCategoryNumber": numbers // 10,
        "taxNumber": 1,
        "labelNumber": 1,
        "name": [name for _, name, _ in rows],
        "isServiceCategory": [service for _, _, service in rows],
        "searchTerm": [name.upper()[:10] for _, name, _ in rows],
        "number": numbers,
        "lastChange": MIGRATED,
    }
    return Table(columns, len(rows))


def suppliers(rng: np.random.Generator, numbers: np.ndarray, money: str) -> Table:
    """Suppliers, some of them closed, with free text as dirty as in the field."""
    count = len(numbers)
    picks = rng.integers(0, 1000, count)
    names = [
        f"{_SUPPLIERS[pick % 8]} {number % 1000} {_FORMS[pick % 6]}"
        for pick, number in zip(picks, numbers, strict=True)
    ]
    columns: dict[str, Any] = {
        "currencyNumber": money,
        "countryNumber": [["D", "NL", "DK", "I", "E", "B", "CH", ""][pick % 8] for pick in picks],
        "isActive": rng.random(count) < 0.95,
        "isEDI": rng.random(count) < 0.3,
        "email": [f"order{number}@example.com" for number in numbers],
        "website": [f"https://supplier{number}.example" for number in numbers],
        "info1": ["Lieferung frei Haus \r\n" if pick % 5 == 0 else "" for pick in picks],
        "info2": ["  " if pick % 7 == 0 else "" for pick in picks],
        "searchTerm": [name.split()[0].upper() for name in names],
        "name1": names,
        "number": numbers,
        "city": [_CITIES[pick % 4] for pick in picks],
        "zipCode": [f"{pick:05d}" for pick in picks],
        "street": [f"Industriestraße {pick % 90 + 1}" for pick in picks],
        "telephone": [f"+49 000 {number}" for number in numbers],
        "shipmentOptionNumber": rng.integers(0, 3, count),
        "paymentOptionNumber": rng.integers(0, 5, count),
        "lastChange": MIGRATED + rng.integers(0, 600, count) * 10_000_000 + fractions(rng, count),
    }
    return Table(columns, count)


def seasons(numbers: np.ndarray, names: list[str], begins: np.ndarray, ends: np.ndarray) -> Table:
    """Seasons; basics have none, their articles point to 0."""
    terms = [name.upper() for name in names]
    columns: dict[str, Any] = {"seasonNumber": numbers, "name": names, "searchTerm": terms}
    columns |= {"validFrom": days(begins), "validUntil": days(ends), "lastChange": MIGRATED}
    return Table(columns, len(numbers))


def sizes(groups: dict[int, list[str]]) -> Table:
    """One row per size inside a size group."""
    rows = [
        (group, name, place) for group in sorted(groups) for place, name in enumerate(groups[group], start=1)
    ]
    columns: dict[str, Any] = {
        "sizeGroupNumber": np.array([group for group, _, _ in rows]),
        "name": [name for _, name, _ in rows],
        "position": np.array([place for _, _, place in rows]),
        "lastChange": MIGRATED,
    }
    return Table(columns, len(rows))


def branches(rows: list[tuple[int, str, str, bool]], country: str) -> Table:
    """Branches: number, name, city, web shop or not."""
    numbers = np.array([row[0] for row in rows])
    columns: dict[str, Any] = {
        "isActive": True,
        "email": [f"branch{number}@example.com" for number in numbers],
        "glN1": 4_000_000_000_000 + numbers,
        "branchInfo": [f"{row[1]}\r\nMusterplatz {row[0]}\r\n" for row in rows],
        "isWebshop": [row[3] for row in rows],
        "stocktakingDate": None,
        "searchTerm": [row[1].upper() for row in rows],
        "name1": [row[1] for row in rows],
        "number": numbers,
        "city": [row[2] for row in rows],
        "zipCode": [f"{80000 + number}" for number in numbers],
        "street": [f"Musterplatz {number}" for number in numbers],
        "telephoneNumber": [f"+49 000 {number}" for number in numbers],
        "countryNumber": country,
        "lastChange": MIGRATED + numbers * 7_654_321,
    }
    return Table(columns, len(rows))


def staff(rng: np.random.Generator, numbers: np.ndarray, branch_numbers: np.ndarray, today: int) -> Table:
    """Staff with the personal data a real response carries."""
    count = len(numbers)
    first = [_FIRST[pick] for pick in rng.integers(0, len(_FIRST), count)]
    last = [_LAST[pick] for pick in rng.integers(0, len(_LAST), count)]
    is_former = rng.random(count) < 0.15
    columns: dict[str, Any] = {
        "branchNumber": branch_numbers,
        "countryNumber": "D",
        "isActive": ~is_former,
        "salutation": "Frau",
        "gender": rng.integers(0, 3, count),
        "jobTitle": "Verkauf",
        "personalEmail": [f"staff{number}@example.org" for number in numbers],
        "companyEmail": [f"staff{number}@example.com" for number in numbers],
        "dateOfBirth": days(today - rng.integers(7_000, 22_000, count)),
        "searchTerm": [name.upper() for name in last],
        "mobilePhone": [f"+49 000 7{number}" for number in numbers],
        "lastName": last,
        "firstName": first,
        "number": numbers,
        "city": "Musterstadt",
        "zipCode": "00000",
        "street": "Musterweg 1",
        "entryDate": days(today - rng.integers(1_500, 4_000, count)),
        "exitDate": days(np.where(is_former, today - rng.integers(30, 900, count), -1)),
        "lastChange": MIGRATED + rng.integers(0, 10**12, count),
    }
    return Table(columns, count)


def customers(
    rng: np.random.Generator, numbers: np.ndarray, country: Any, home: np.ndarray, today: int
) -> Table:
    """Customers, rich in personal data that a reader must leave behind."""
    count = len(numbers)
    first = [_FIRST[pick] for pick in rng.integers(0, len(_FIRST), count)]
    last = [_LAST[pick] for pick in rng.integers(0, len(_LAST), count)]
    created = today - rng.integers(30, 3_000, count)
    revenue = rng.integers(0, 400_000, count)
    columns: dict[str, Any] = {
        "creationDate": days(created),
        "searchTerm": [name.upper() for name in last],
        "number": numbers,
        "name1": [f"{a} {b}" for a, b in zip(first, last, strict=True)],
        "salutation": "Guten Tag",
        "revenue": revenue,
        "bonusValue": -revenue,
        "loyalityPoints": revenue // 1000,
        "lastChange": np.asarray(created + rng.integers(0, 30, count)) * 864_000_000_000
        + rng.integers(0, 864 * 10**9, count),
        "inactiveFlag": rng.random(count) < 0.04,
        "branchNumber": home,
        "signedDeclarationOfConsent": rng.random(count) < 0.6,
    }
    return Table(columns | _person(rng, numbers, first, last, today) | _account(rng, numbers, country), count)


def _person(
    rng: np.random.Generator, numbers: np.ndarray, first: list[str], last: list[str], today: int
) -> dict[str, Any]:
    count = len(numbers)
    return {
        "email": [f"customer{number}@example.com" for number in numbers],
        "dateOfBirth": days(
            np.where(rng.random(count) < 0.6, today - rng.integers(6_600, 30_000, count), -1)
        ),
        "info1": ["Bitte anrufen \r\n" if pick < 0.02 else "" for pick in rng.random(count)],
        "gender": rng.integers(0, 3, count),
        "subscriptionNewsletter": rng.random(count) < 0.3,
        "lastName": last,
        "firstName": first,
        "city": [_CITIES[pick] for pick in rng.integers(0, 4, count)],
        "zipCode": "00000",
    }


def _account(rng: np.random.Generator, numbers: np.ndarray, country: Any) -> dict[str, Any]:
    count = len(numbers)
    return {
        "isLocked": rng.random(count) < 0.01,
        "street": [f"Musterstraße {pick}" for pick in rng.integers(1, 200, count)],
        "telephone": [f"+49 000 {number}" for number in numbers],
        "countryNumber": country,
        "declarationsOfConsent": rng.choice([0, 1, 3], count),
        "customerCard": numbers,
        "familyNumber": numbers,
        "bonusType": rng.choice([0, 1, 3], count),
        "hasCustomerCard": rng.random(count) < 0.5,
    }
