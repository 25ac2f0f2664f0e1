"""Revenue without tax, cost and margin, against a plain computation of the source's rows and the tenant file's prices.

The shop sells at two rates, one of which changes twice; buys in three currencies, of which one has no rate; has goods
whose cost or tax number is not known; and ends as a tenant whose file says nothing of prices.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from demo_shop import WAREHOUSE, demo_figures
from levels import levels_of
from line_kinds import Row, money
from price_truth import Earned, earned_by, first_reason
from priced_shop import (
    PRICES,
    START,
    TODAY,
    Entry,
    Figures,
    article_of,
    by_season,
    entries_of,
    figures_of,
    prepare,
    sold_on,
)
from source_rows import sold_key
from timeline import Timeline

from mercurios.tenants.prices import Prices
from prohandel_simulator.testing import running_simulator

pytestmark = [pytest.mark.dbt, pytest.mark.simulator, pytest.mark.slow]

MARTS = (
    *("fct_sales", "article_sales_agg", "daily_sales_agg", "sales_weekly", "product_profitability"),
    *("branch_performance", "inventory_kpi", "inventory_issue", "dim_article", "replenishment_position"),
    *("inventory_measure", "sales_by_season", "branch_monthly"),
    *("supplier_scorecard", "markup_by_level"),
)


@pytest.fixture(scope="module")
def figures(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Figures]:
    """Build at night and two days later at noon, and once more when the tenant file says nothing of prices.

    Or a warehouse that was not played, where one is named: see `of_warehouse.py`.
    """
    if os.environ.get(WAREHOUSE):
        yield demo_figures(request.getfixturevalue("played"))
        return
    with running_simulator(["mini"], today=START) as simulator:
        prepare(simulator)
        timeline = Timeline(simulator, tmp_path_factory.mktemp("margins"))
        retailer, marts = timeline.retailer, {}
        for prices in (Prices.model_validate(PRICES), None):
            retailer.tenant = retailer.tenant.model_copy(update={"prices": prices})
            if prices:
                timeline.run(models=[f"+{mart}" for mart in MARTS])
                timeline.advance_to(datetime(TODAY.year, TODAY.month, TODAY.day, 12, 20))
            timeline.run(models=[f"+{mart}" for mart in MARTS])
            marts[prices is not None] = {
                mart: retailer.query(f"select * from analytics.{mart}") for mart in MARTS
            }
        yield figures_of(timeline, marts)


def test_every_line_has_the_tax_and_the_cost_of_its_day_or_says_why_not(figures: Figures) -> None:
    names = ("revenue", "tax_rate", "revenue_net", "cost", "margin", "margin_note")
    found = {row["sale_id"]: tuple(row[name] for name in names) for row in figures.marts[True]["fct_sales"]}

    expected = {
        line["id"]: (
            money(line["salePrice"]),
            *(priced.rate, priced.net, priced.cost, priced.margin, priced.note),
        )
        for line, priced in figures.lines
    }
    assert found == expected


def test_the_shop_shows_every_rate_and_every_reason(figures: Figures) -> None:
    """Without this the other tests could pass on a shop in which nothing is special."""
    notes = {priced.note for _, priced in figures.lines}
    rates = {row["tax_rate"] for row in figures.marts[True]["fct_sales"]}
    numbers = {row["tax_number"] for row in figures.marts[True]["dim_article"]}
    unpriced = {note for entry in entries_of(figures).values() for note in entry.notes}

    assert notes >= {
        None,
        "no cost",
        "no tax number",
        "no rate of tax number 3",
        "no rate of exchange for PLN",
    }
    assert rates == {None, Decimal("0.19"), Decimal("0.16"), Decimal("0.07")}
    assert numbers == {1, 2, 3, None}
    assert unpriced >= {"no tax rate", "no rate of exchange"}
    assert {row["margin_note"] is None for row in figures.marts[True]["inventory_measure"]} == {True, False}


def near(rate: float | None) -> Any:
    """Return what a rate must be; of two that are as near, either."""
    return None if rate is None else pytest.approx(rate, abs=1.01e-6)


def _of(sums: dict[Any, Earned]) -> dict[Any, tuple[Any, ...]]:
    return {key: (sum_.amount, sum_.net, sum_.margin, sum_.note) for key, sum_ in sums.items()}


def test_an_articles_and_a_days_sales_add_up_to_their_lines(figures: Figures) -> None:
    marts = figures.marts[True]
    totals = ("revenue", "revenue_net", "margin", "margin_note")
    articles = {
        row["article_number"]: tuple(row[name] for name in totals) for row in marts["article_sales_agg"]
    }
    days = {row["sold_on"]: tuple(row[name] for name in totals) for row in marts["daily_sales_agg"]}

    assert articles == _of(earned_by(figures.lines, article_of))
    assert days == _of(earned_by(figures.lines, sold_on))


def test_a_weeks_sales_by_branch_and_category_add_up_to_their_lines(figures: Figures) -> None:
    names = ("revenue", "revenue_net", "cost", "margin", "margin_note")
    found = {
        (row["week_start"], row["branch_number"], row["category_number"]): tuple(row[name] for name in names)
        for row in figures.marts[True]["sales_weekly"]
    }

    def key(line: Row) -> tuple[date, int, int]:
        monday = sold_on(line) - timedelta(days=sold_on(line).weekday())
        return monday, line["branchNumber"], figures.category.get(int(line["articleNumber"]), 0)

    sums = earned_by(figures.lines, key)
    assert found == {
        at: (each.amount, each.net, each.cost, each.margin, each.note) for at, each in sums.items()
    }


def test_a_seasons_sales_have_the_margin_of_their_lines(figures: Figures) -> None:
    names = ("revenue", "revenue_net", "cost", "margin", "margin_rate", "margin_note")
    grain = ("season_number", "category_number", "is_nos", "supplier_number", "colour", "price_tier")
    found = {
        (row["month_start"], *(row[name] for name in grain)): tuple(row[name] for name in names)
        for row in figures.marts[True]["sales_by_season"]
    }
    articles = {int(row["number"]): row for row in figures.list.rows["article"]}

    sums = earned_by(
        figures.lines, lambda line: levels_of(articles.get(int(line["articleNumber"])), sold_on(line))
    )
    assert found == {
        at: (each.amount, each.net, each.cost, each.margin, near(each.margin_rate), each.note)
        for at, each in sums.items()
    }


def test_a_branchs_month_has_the_revenue_without_tax_of_its_lines(figures: Figures) -> None:
    found = {
        (row["month_start"], row["branch_number"]): (row["revenue"], row["revenue_net"])
        for row in figures.marts[True]["branch_monthly"]
    }

    sums = earned_by(figures.lines, lambda line: (sold_on(line).replace(day=1), line["branchNumber"]))
    assert found == {at: (each.amount, each.net) for at, each in sums.items()}


def test_a_branchs_year_divides_margin_by_revenue_without_tax(figures: Figures) -> None:
    names = ("revenue", "revenue_net", "margin", "margin_rate", "margin_note")
    found = {
        row["branch_number"]: tuple(row[name] for name in names)
        for row in figures.marts[True]["branch_performance"]
    }

    sums = earned_by(figures.year(), lambda line: line["branchNumber"])
    assert found == {
        at: (each.amount, each.net, each.margin, near(each.margin_rate), each.note)
        for at, each in sums.items()
    }


def test_an_articles_year_has_the_margin_of_its_lines(figures: Figures) -> None:
    names = ("revenue", "revenue_net", "cost", "margin", "margin_rate", "margin_note")
    found = {
        row["article_number"]: tuple(row[name] for name in names)
        for row in figures.marts[True]["product_profitability"]
    }

    sums = earned_by(figures.year(), article_of)
    assert found == {
        at: (each.amount, each.net, each.cost, each.margin, near(each.margin_rate), each.note)
        for at, each in sums.items()
    }


def test_a_suppliers_year_has_the_margin_of_its_lines(figures: Figures) -> None:
    supplier = {int(row["number"]): row["supplierNumber"] for row in figures.list.rows["article"]}

    found = {row["supplier_number"]: row for row in figures.marts[True]["supplier_scorecard"]}

    sums = earned_by(figures.year(), lambda line: supplier.get(int(line["articleNumber"])))
    assert {key for key, row in found.items() if row["margin_note"] or row["margin"]} == set(sums)
    for number, each in sums.items():
        row = found[number]
        assert (row["revenue_net"], row["margin"], row["margin_rate"]) == (
            *(each.net, each.margin),
            near(each.margin_rate),
        ), number
        assert row["margin_note"] == each.note


def test_a_supplier_of_a_tenant_that_says_nothing_of_prices_has_no_margin(figures: Figures) -> None:
    silent = figures.marts[False]["supplier_scorecard"]

    assert {row["margin"] for row in silent if row["margin_note"]} == {None}


def test_every_figure_of_a_markup_is_of_its_tenant(figures: Figures) -> None:
    assert {row["tenant_id"] for row in figures.marts[True]["markup_by_level"]} == {"mini"}


def test_an_entry_markup_is_the_list_price_without_tax_against_what_came(figures: Figures) -> None:
    rows = [row for row in figures.marts[True]["markup_by_level"] if row["markup_level"] == "article"]
    entries = entries_of(figures)

    assert {row["article_number"] for row in rows} == set(entries)
    for row in rows:
        number = row["article_number"]
        entry, net = entries[number], figures.list.list_price_net(number, figures.today)
        assert (row["list_price"], row["list_price_net"]) == (figures.list.list_price(number), net), number
        assert (row["units_received"], row["entry_note"]) == (entry.units, (entry.notes or [None])[0])
        assert (row["received_list_value"], row["received_cost"]) == (entry.listed, entry.cost)
        if entry.cost is None and not entry.notes:
            entry = Entry(listed=net, cost=figures.list.unit_cost(number))
        markup = entry.markup
        assert row["entry_markup"] == markup
        if markup is not None and entry.cost is not None and entry.listed is not None:
            rate = 1 - float(entry.cost / entry.listed)
            assert row["entry_margin_rate"] == pytest.approx(rate, abs=1e-5)


def test_a_seasons_entry_markup_is_that_of_all_that_came_of_it(figures: Figures) -> None:
    rows = [
        row for row in figures.marts[True]["markup_by_level"] if row["markup_level"] == "season and category"
    ]
    expected = by_season(figures, entries_of(figures))

    assert {row["article_number"] for row in rows} == {0}
    assert {(row["season_number"], row["category_number"]) for row in rows} == set(expected)
    for row in rows:
        group = expected[row["season_number"], row["category_number"]]
        reason = first_reason(group.notes)
        note = f"{len(group.notes)} of {group.articles} articles: {reason}" if reason else None
        if note is None and group.cost is None:
            note = "nothing received"
        found = (row["units_received"], row["received_list_value"], row["received_cost"])
        assert found == (group.units, group.listed, group.cost)
        assert (row["entry_markup"], row["entry_note"]) == (group.markup, note)


def test_a_realised_markup_is_margin_by_what_was_sold_cost(figures: Figures) -> None:
    rows, entries = figures.marts[True]["markup_by_level"], entries_of(figures)
    articles = {int(row["number"]): row for row in figures.list.rows["article"]}

    def group(line: Row) -> tuple[int, int] | None:
        number = int(line["articleNumber"])
        if number not in entries:
            return None
        return articles[number]["seasonNumber"], articles[number]["categoryNumber"]

    by_article = earned_by(figures.lines, article_of)
    by_group = earned_by(figures.lines, group)
    for row in rows:
        season = row["season_number"], row["category_number"]
        earned = by_article.get(row["article_number"]) if row["article_number"] else by_group.get(season)
        if earned is None:
            assert (row["margin_note"], row["realised_markup"], row["units_sold_ever"]) == (
                "nothing sold",
                None,
                0,
            )
            continue
        assert (row["revenue_net"], row["margin"], row["margin_rate"]) == (
            *(earned.net, earned.margin),
            near(earned.margin_rate),
        )
        cost = None if earned.margin is None else earned.priced_net - earned.margin
        is_known = cost is not None and earned.margin is not None and cost > 0 and earned.priced_net > 0
        markup = float(earned.margin / cost) if is_known and earned.margin and cost else None
        assert row["realised_markup"] == (None if markup is None else pytest.approx(markup, abs=1e-5))
        came_back = "all that was sold came back" if markup is None else None
        assert row["margin_note"] == (earned.note or came_back)
    sold: dict[int, Decimal] = defaultdict(Decimal)
    for line, _ in figures.lines:
        sold[int(line["articleNumber"])] += money(line["quantity"])
    assert all(
        row["units_sold_ever"] == max(sold[row["article_number"]], 0) for row in rows if row["article_number"]
    )


def test_without_a_price_basis_there_is_no_markup_and_the_reason(figures: Figures) -> None:
    rows = figures.marts[False]["markup_by_level"]

    assert {row["entry_markup"] for row in rows} == {row["realised_markup"] for row in rows} == {None}
    assert all((row["entry_note"] or "").endswith("no price basis") for row in rows)


def test_gmroi_is_margin_without_tax_by_the_stock_at_cost(figures: Figures) -> None:
    found = {
        int(row["kpi_key"]): row
        for row in figures.marts[True]["inventory_kpi"]
        if row["kpi_level"] == "article"
    }
    sums = earned_by(figures.year(), article_of)
    compared = 0
    for article, row in found.items():
        cost, earned = figures.list.unit_cost(article), sums.get(article)
        if earned is None:
            continue
        value = figures.held[article] * float(cost or 0)
        assert row["margin"] == earned.margin, article
        assert row["margin_rate"] == near(earned.margin_rate)
        if earned.margin is None or not value:
            assert row["gmroi"] is None
        else:
            compared += 1
            assert row["gmroi"] == pytest.approx(float(earned.margin) / value, rel=1e-3)
    assert compared > 20


def test_a_positions_year_has_the_margin_of_its_lines_and_says_what_it_leaves_out(figures: Figures) -> None:
    names = ("revenue_net", "priced_revenue", "margin", "line_count", "unpriced_lines", "margin_note")
    positions = {
        (row["article_number"], row["article_size_number"], row["branch_number"]): row
        for row in figures.marts[True]["inventory_measure"]
    }
    sums = earned_by(figures.year(), lambda line: sold_key(line) if line["articleNumber"] else None)

    assert sums.keys() <= positions.keys()
    for key, row in positions.items():
        each = sums.get(key, Earned(margins=[Decimal(0)]))
        lines = len(each.notes) + len(each.margins) if key in sums else 0
        expected = (
            float(each.net or 0),
            float(each.priced_net),
            None if each.margin is None else float(each.margin),
            *(lines, len(each.notes), first_reason(each.notes)),
        )
        assert tuple(row[name] for name in names) == pytest.approx(expected), key


def test_a_groups_key_figures_have_revenue_without_tax_and_a_note(
    figures: Figures,
) -> None:
    keys: dict[str, Callable[[Row], Any]] = {
        "tenant": lambda line: "" if line["articleNumber"] else None,
        "branch": lambda line: f"{line['branchNumber']}" if line["articleNumber"] else None,
        "article": lambda line: f"{int(line['articleNumber'])}" if line["articleNumber"] else None,
    }
    expected = {
        (level, at): (each.net or 0, each.note)
        for level, key in keys.items()
        for at, each in earned_by(figures.year(), key).items()
    }

    found = {
        (row["kpi_level"], row["kpi_key"]): (row["revenue_net"], row["margin_note"])
        for row in figures.marts[True]["inventory_kpi"]
        if row["kpi_level"] in keys
    }
    assert {key: found[key] for key in expected} == expected
    assert {value for key, value in found.items() if key not in expected} <= {(0, None)}


def test_an_articles_price_without_tax_is_that_of_its_categorys_rate_today(figures: Figures) -> None:
    of_category = {row["number"]: row["taxNumber"] for row in figures.list.rows["category"]}
    expected = {
        int(row["number"]): (
            of_category[row["categoryNumber"]] or None,
            figures.list.sale_price_net(int(row["number"]), figures.today),
        )
        for row in figures.list.rows["article"]
    }

    found = {
        row["article_number"]: (row["tax_number"], row["sale_price_net"])
        for row in figures.marts[True]["dim_article"]
        if not row["is_inferred"]
    }
    assert found == expected


def test_what_has_no_margin_is_an_issue_with_units_and_money(figures: Figures) -> None:
    names = {
        "no cost": "sale without cost",
        "no net purchase price": "sale without net purchase price",
        "no tax number": "sale without tax rate",
        "no rate of tax number 3": "sale without tax rate",
        "no rate of exchange for PLN": "sale without rate of exchange",
    }
    expected: dict[tuple[Any, ...], list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for line, priced in figures.days(365):
        if priced.note:
            key = (names[priced.note], int(line["articleNumber"]), line["branchNumber"])
            expected[key][0] += money(line["quantity"])
            expected[key][1] += money(line["salePrice"])

    issues = [row for row in figures.marts[True]["inventory_issue"] if row["issue"] in names.values()]
    found = {
        (row["issue"], row["article_number"], row["branch_number"]): [money(row["units"]), row["amount"]]
        for row in issues
    }
    assert found == expected
    assert {(row["tenant_id"], row["article_size_number"]) for row in issues} <= {("mini", 0)}


def test_stock_is_valued_in_the_tenants_currency_by_the_declared_cost(figures: Figures) -> None:
    found = {
        row["article_number"]: row["purchase_price"]
        for row in figures.marts[True]["dim_article"]
        if not row["is_inferred"]
    }

    assert found == {number: figures.list.unit_cost(number) for number in found}


def test_a_tenant_that_says_nothing_of_prices_has_no_margin_and_says_why(figures: Figures) -> None:
    marts = figures.marts[False]

    for mart in ("article_sales_agg", "daily_sales_agg", "sales_weekly", "product_profitability"):
        assert {row["margin"] for row in marts[mart]} == {None}
        assert all(row["margin_note"].endswith("lines: no price basis") for row in marts[mart])
    rates = [row["margin_rate"] for row in (*marts["branch_performance"], *marts["inventory_kpi"])]
    assert set(rates) == {None}
    sold = [row for row in marts["inventory_kpi"] if row["margin_note"]]
    assert {row["gmroi"] for row in sold} == {None}
    assert {row["unit_margin"] for row in marts["replenishment_position"]} == {None}


def test_without_a_price_basis_revenue_stays_and_one_issue_has_all_of_it(figures: Figures) -> None:
    marts = figures.marts[False]
    year = figures.days(365)
    units = sum(money(line["quantity"]) for line, _ in year)
    amount = sum(money(line["salePrice"]) for line, _ in year)

    issues = [row for row in marts["inventory_issue"] if row["issue"] == "no price basis"]
    revenue = {row["sold_on"]: row["revenue"] for row in marts["daily_sales_agg"]}

    assert [(row["article_number"], money(row["units"]), row["amount"]) for row in issues] == [
        (0, units, amount)
    ]
    assert revenue == {day: each.amount for day, each in earned_by(figures.lines, sold_on).items()}
