"""A shop without ProHandel from exports to forecast: the sales of a real web shop, compared with its file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from dbt_runs import run_dbt
from shop import Shop

from mercurios.jobs.forecast import fit_shard, load_forecast, prepare, read_plan
from mercurios.quality.gate import check
from mercurios.sources.files.codes import number_of
from mercurios.tenants.run import Run
from mercurios.warehouse.duckdb.engine import DuckDBEngine
from mercurios.warehouse.load import LedgerRow
from mercurios.warehouse.marts import published_by
from mercurios.warehouse.publication import publish

pytestmark = [pytest.mark.dbt, pytest.mark.slow]

ROOT = Path(__file__).parents[4]
ONLINE_RETAIL = ROOT / "include" / "prohandel_simulator" / "data" / "online_retail.parquet"
# The day after the last one of the data set, which ends on a Friday.
AS_OF = date(2011, 12, 12)
ARTICLES = 40
RUN = "r1"

GERMAN = {"delimiter": ";", "decimal": ",", "encoding": "cp1252"}
DATASETS: dict[str, dict[str, Any]] = {
    "sales": {
        "files": "sales-*.csv",
        "append_only": True,
        "dates": "%d.%m.%Y %H:%M",
        "ignored": ["Kunde"],
        **GERMAN,
        "columns": {
            "receipt": "Bon",
            "date": "Datum",
            "branch": "Land",
            "article": "Artikel",
            "quantity": "Menge",
            "unit_price": "Preis",
        },
    },
    "articles": {
        "files": "articles.csv",
        "columns": {"article": "sku", "name": "title", "supplier": "vendor"},
    },
    "stock": {
        "files": "stock.csv",
        "columns": {"article": "sku", "branch": "branch", "quantity": "units"},
    },
    "open_orders": {
        "files": "orders.csv",
        "dates": "%Y%m%d",
        "columns": {
            "order": "po",
            "article": "sku",
            "branch": "branch",
            "open": "units",
            "expected_on": "due",
            "supplier": "vendor",
        },
    },
}


@dataclass
class Built:
    """A shop whose pipeline has run, and what its exports say by themselves."""

    shop: Shop
    lines: pd.DataFrame
    articles: list[str]
    ledger: dict[str, LedgerRow]
    published: Path

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Ask what readers see."""
        with DuckDBEngine(self.published, read_only=True) as engine:
            found: list[dict[str, Any]] = engine.fetch_arrow(sql).to_pylist()
        return found


def exported(shop: Shop) -> tuple[pd.DataFrame, list[str]]:
    """Write the exports of the articles sold most often, and return their sales and their codes."""
    lines = pd.read_parquet(ONLINE_RETAIL)
    lines = lines[lines.stock_code.str.len() >= 5]
    articles = sorted(lines.stock_code.value_counts().head(ARTICLES).index)
    lines = lines[lines.stock_code.isin(articles)].reset_index(drop=True)
    for year, part in lines.groupby(lines.invoice_ts.dt.year):
        table = pd.DataFrame(
            {
                "Bon": part.invoice_no,
                "Datum": part.invoice_ts.dt.strftime("%d.%m.%Y %H:%M"),
                "Land": part.country.astype(str),
                "Artikel": part.stock_code,
                "Menge": part.quantity,
                "Preis": part.unit_price_gbp,
                "Kunde": part.customer_id,
            }
        )
        table.to_csv(shop.folder / f"sales-{year}.csv", index=False, sep=";", decimal=",", encoding="cp1252")
    names = lines.dropna(subset=["description"]).groupby("stock_code").description.first()
    masters = {"sku": articles, "title": [names[code] for code in articles], "vendor": "Acme"}
    pd.DataFrame(masters).to_csv(shop.folder / "articles.csv", index=False)
    stock = [(code, "United Kingdom", 10 * number) for number, code in enumerate(articles, start=1)]
    pd.DataFrame(stock, columns=["sku", "branch", "units"]).to_csv(shop.folder / "stock.csv", index=False)
    orders = [("PO1", code, "United Kingdom", 7, "20111219", "Acme") for code in articles[:5]]
    columns = ["po", "sku", "branch", "units", "due", "vendor"]
    pd.DataFrame(orders, columns=columns).to_csv(shop.folder / "orders.csv", index=False)
    return lines, articles


def build_models(shop: Shop, home: Path) -> None:
    """Build the models as the tasks do."""
    environment = {
        "MERCURIOS_TENANT_ID": "shop",
        "MERCURIOS_DUCKDB_PATH": str(shop.warehouse),
        "DBT_TARGET_PATH": str(home / "dbt-target"),
    }
    done = run_dbt(["build", "--exclude-resource-type", "unit_test"], home, environment)
    assert done.returncode == 0, done.stdout[-4000:]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Extract, load, gate, model, gate, publish; then forecast, gate, publish."""
    home = tmp_path_factory.mktemp("shop")
    shop = Shop(home, DATASETS, as_of=AS_OF)
    published = home / "published" / "shop.duckdb"
    lines, articles = exported(shop)
    ledger = shop.run(RUN)
    contract = shop.tenant.source.contract
    with shop.engine() as engine:
        check(engine, Run("shop", "pipeline__shop", RUN), "raw", contract)
    build_models(shop, home)
    with shop.engine() as engine:
        check(engine, Run("shop", "pipeline__shop", RUN), "marts", contract)
        publish(engine, Run("shop", "pipeline__shop", RUN), published_by("pipeline"))
    with DuckDBEngine(published, read_only=True) as readers:
        plan_url = prepare(readers, shop.store, shop.tenant, Run("shop", "forecast__shop", "f1"))
    shards = range(read_plan(shop.store, plan_url).shards)
    manifests = [fit_shard(shop.store, plan_url, shard) for shard in shards]
    with shop.engine() as engine:
        load_forecast(engine, shop.store, plan_url, manifests)
        check(engine, Run("shop", "forecast__shop", "f1"), "forecast")
        publish(engine, Run("shop", "forecast__shop", "f1"), published_by("forecast"))
    return Built(shop, lines, articles, ledger, published)


def cents(lines: pd.DataFrame) -> Decimal:
    """Return what was paid for lines, each rounded to a cent as a till does."""
    amounts = (
        (Decimal(int(units)) * Decimal(str(price))).quantize(Decimal("0.01"), ROUND_HALF_UP)
        for units, price in zip(lines.quantity, lines.unit_price_gbp, strict=True)
    )
    return sum(amounts, Decimal(0))


def paid(lines: pd.DataFrame) -> pd.DataFrame:
    """Return the lines that have a price; the others are write-offs."""
    return lines[lines.unit_price_gbp > 0]


def test_every_exported_line_is_accounted_for(built: Built) -> None:
    sales = built.ledger["sales"]

    assert sales.extracted == len(built.lines)
    assert (sales.loaded, sales.quarantined, sales.superseded) == (len(built.lines), 0, 0)
    assert built.ledger["articles"].loaded == built.ledger["stock"].loaded == ARTICLES


def test_a_tenant_whose_file_says_nothing_of_prices_has_revenue_and_no_margin(built: Built) -> None:
    found = built.rows(
        "select margin_note, sum(revenue) > 0 as is_sold, count(margin) as margins "
        "from analytics.fct_sales group by all"
    )

    assert [tuple(row.values()) for row in found] == [("no price basis", True, 0)]


def test_sales_by_branch_are_those_of_the_file(built: Built) -> None:
    found = {
        row["branch_number"]: (row["units"], row["revenue"])
        for row in built.rows(
            "select branch_number, sum(units) as units, sum(revenue) as revenue"
            " from analytics.fct_sales group by all"
        )
    }

    expected = {
        number_of(str(country)): (Decimal(int(part.quantity.sum())), cents(part))
        for country, part in paid(built.lines).groupby("country", observed=True)
    }
    assert found == expected
    assert len(expected) > 20


def test_lines_without_a_price_are_write_offs_and_no_unit_of_the_file_is_lost(built: Built) -> None:
    found = {
        row["is_write_off"]: (row["lines"], int(row["units"]))
        for row in built.rows(
            "select line_kind = 'write-off' as is_write_off, sum(line_count)::int as lines, sum(units) as units"
            " from analytics.sales_by_kind group by all"
        )
    }

    free, sold = built.lines[built.lines.unit_price_gbp == 0], paid(built.lines)
    assert found == {
        True: (len(free), int(free.quantity.sum())),
        False: (len(sold), int(sold.quantity.sum())),
    }
    assert len(free) + len(sold) == len(built.lines)


def test_what_no_file_says_of_buyers_and_receipts_is_null_with_a_reason(built: Built) -> None:
    buyers = ("new_receipts", "known_revenue", "anonymous_share", "staff_revenue", "staff_share")
    months = built.rows(
        f"select distinct {', '.join((*buyers, 'customer_note', 'staff_note'))} from analytics.branch_monthly"
    )
    launches = built.rows(
        "select distinct sell_through_to_date, sell_through_note from analytics.launch_sell_through"
    )

    assert months == [
        dict.fromkeys(buyers)
        | {
            "customer_note": "the source names no customers",
            "staff_note": "the source names no staff purchases",
        }
    ]
    assert launches == [{"sell_through_to_date": None, "sell_through_note": "no receipt is known"}]


def test_sales_by_month_are_those_of_the_file(built: Built) -> None:
    found = built.rows(
        "select strftime(sold_on, '%Y-%m') as month, sum(units) as units"
        " from analytics.fct_sales group by all order by all"
    )

    lines = paid(built.lines)
    months = lines.groupby(lines.invoice_ts.dt.strftime("%Y-%m")).quantity.sum()
    assert [(row["month"], int(row["units"])) for row in found] == list(months.items())


def test_stock_and_open_orders_are_those_of_the_file(built: Built) -> None:
    found = {
        row["article_number"]: (row["on_hand"], row["on_order"])
        for row in built.rows(
            "select article_number, sum(on_hand) as on_hand, sum(on_order) as on_order"
            " from analytics.inventory_position group by all having sum(on_hand) <> 0"
        )
    }

    assert found == {
        number_of(code): (10 * number, 7 if number <= 5 else 0)
        for number, code in enumerate(built.articles, start=1)
    }


def test_articles_and_branches_go_by_what_the_export_calls_them(built: Built) -> None:
    codes = {code for code in built.articles if not code.isdigit()}
    names = built.rows("select article_name from analytics.dim_article")
    branches = built.rows("select branch_name from analytics.dim_branch")

    assert codes
    assert all(any(code in row["article_name"] for row in names) for code in codes)
    assert {"branch_name": "Branch United Kingdom"} in branches


def test_the_forecast_is_made_for_every_week_and_is_not_far_from_what_is_sold(built: Built) -> None:
    weeks = built.rows(
        "select week_start, sum(mean) as units from analytics.forecast_weekly group by all order by week_start"
    )

    assert len(weeks) == built.shop.tenant.forecast.horizon_weeks
    assert weeks[0]["week_start"] == AS_OF
    recent = built.lines[built.lines.invoice_ts >= pd.Timestamp("2011-09-19")].quantity.sum() / 12
    mean = sum(row["units"] for row in weeks) / len(weeks)
    assert recent / 3 < mean < recent * 3


def test_what_is_short_is_proposed_and_what_is_plenty_is_not(built: Built) -> None:
    proposed = {
        row["article_number"]
        for row in built.rows(
            "select article_number from analytics.replenishment_proposal where order_units > 0"
        )
    }

    weekly = built.lines[built.lines.country == "United Kingdom"]
    weekly = weekly[weekly.invoice_ts >= pd.Timestamp("2011-09-12")].groupby("stock_code").quantity.sum() / 13
    short = {
        number_of(code)
        for number, code in enumerate(built.articles, start=1)
        if 10 * number + 7 < weekly.get(code, 0)
    }
    assert short
    assert short <= proposed


def test_a_shop_with_sales_alone_has_a_demand_and_no_stock(tmp_path: Path) -> None:
    few = {name: DATASETS[name] for name in ("sales", "articles")}
    shop = Shop(tmp_path, few, as_of=AS_OF)
    lines, _ = exported(shop)
    shop.run(RUN)
    build_models(shop, tmp_path)
    with shop.engine() as engine:
        check(engine, Run("shop", "pipeline__shop", RUN), "marts", shop.tenant.source.contract)

    [sold] = shop.query("select cast(sum(units) as bigint) as units from analytics.fct_sales")
    assert sold == {"units": int(paid(lines).quantity.sum())}
    assert shop.query("select 1 from analytics.fct_demand_weekly where units > 0 limit 1")
    assert shop.query("select * from analytics.inventory_position where on_hand <> 0") == []
    assert shop.query("select * from analytics.replenishment_proposal") == []
    assert shop.query("select distinct issue from analytics.inventory_issue") != []
