"""Three actions of a demo retailer with the arithmetic that a buyer can repeat, as docs/orders.md shows them.

The figures are those of the marts; what follows from them is computed here again, in plain Python, and has to agree.
Without `--warehouse` the retailer is simulated, read and built first, which takes minutes.

Run: PYTHONPATH=include python benchmarks/orders_worked_out.py giftware [--warehouse FILE]
"""

from __future__ import annotations

import argparse
import tempfile
from decimal import Decimal
from math import ceil, exp, log
from pathlib import Path
from typing import Any

import common
import dbt_build
import duckdb
import pipeline

Row = dict[str, Any]


def main() -> int:
    """Build where nothing is given, and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("world", choices=["giftware", "modehaus"])
    parser.add_argument("--warehouse", type=Path, help="a DuckDB file with the marts of the retailer")
    options = parser.parse_args()
    if options.warehouse:
        show(options.warehouse)
        return 0
    report = common.Report("orders_worked_out", False)
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        with common.serving(common.simulator(options.world)) as source:
            pipeline.run(options.world, home, source.auth_url, "worked-out")
        dbt_build.build(report, home, options.world, "first")
        show(pipeline.warehouse(home))
    return 0


def show(warehouse: Path) -> None:
    """Print an order, one for what an expedite lacks if there is any, an expedite and a markdown that sells."""
    lacking = (
        "(article_number, branch_number) in (select (article_number, branch_number) "
        "from analytics.replenishment_proposal where on_order_if_expedited > 0) desc"
    )
    firsts = (
        ("order", order, "not is_minor", f"{lacking}, margin_at_risk desc"),
        ("expedite", expedite, "arrives_on is not null", "margin_at_risk desc"),
        ("mark down", markdown, "demand_units >= 1", "urgency_rank"),
    )
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        for action, explain, only, place in firsts:
            (line,) = query(
                connection,
                f"from analytics.replenishment_action where action = '{action}' and {only} order by {place} limit 1",
            )
            print("\n".join(["", *explain(line, *beside(connection, line))]))


def beside(connection: duckdb.DuckDBPyConnection, line: Row) -> list[Row]:
    """Return what the marts know of a line: policy, and position and proposal, or what will be left over."""
    article = f"article_number = {line['article_number']}"
    wanted = [f"from analytics.replenishment_policy where {article}"]
    if line["branch_number"] is None:
        wanted.append(f"from analytics.markdown_candidate where {article}")
    else:
        size = (
            f"article_size_number = {line['article_size_number']} and branch_number = {line['branch_number']}"
        )
        wanted.append(f"from analytics.replenishment_position where {article} and {size}")
        if line["action"] == "order":
            wanted.append(f"from analytics.replenishment_proposal where {article} and {size}")
    return [query(connection, each)[0] for each in wanted]


def query(connection: duckdb.DuckDBPyConnection, statement: str) -> list[Row]:
    """Return rows by the names of their columns."""
    found = connection.execute(statement)
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, map(plain, row), strict=True)) for row in found.fetchall()]


def plain(value: Any) -> Any:
    """Return a decimal as a float, and all else as it is."""
    return float(value) if isinstance(value, Decimal) else value


def table(title: str, line: Row, *lines: tuple[str, str]) -> list[str]:
    """Return a title and a table of Markdown."""
    sold = f"{line['sold_4_weeks']:,.0f} in the last 4 weeks, {line['sold_13_weeks']:,.0f} in 13"
    given = [("sold", sold), *lines]
    return [title, "", "| | |", "| --- | --- |", *(f"| {name} | {text} |" for name, text in given)]


def named(line: Row) -> str:
    """Return what an action is about."""
    size = f", size {line['size']}" if line["size"] else ""
    return f"{line['article_name']}{size}" + (f", {line['branch_name']}" if line["branch_name"] else "")


def short(mean: float, deviation: float, stock: float) -> float:
    """Units short when logistic demand meets a stock."""
    b = 0.551329 * deviation
    if b <= 0 or (mean - stock) / b > 30:
        return max(mean - stock, 0)
    return b * log(1 + exp((mean - stock) / b))


def short_after(policy: Row, need: Row, stock: float) -> float:
    """Units short between the arrival of goods ordered today and of the next order's, with so much."""
    lead, deviation = policy["lead_time_days"], need["protection_deviation"]
    before = deviation * (lead / (lead + policy["review_days"])) ** 0.5
    whole = short(need["protection_units"], deviation, stock)
    return max(whole - short(need["lead_units"], before, stock), 0)


def order(line: Row, policy: Row, need: Row, proposal: Row) -> list[str]:
    """Work out an order."""
    names = ("on_order_in_time", "on_order_if_expedited", "transferred_units")
    there = max(line["free_stock"], 0) + sum(proposal[name] for name in names)
    forgone = proposal["forgone_units"]
    lacks = need["lead_units"] - max(line["free_stock"], 0) - proposal["transferred_units"]
    if not proposal["on_order_in_time"] and abs(forgone - max(lacks, 0)) > 0.01:
        raise ValueError(f"{line['action_id']}: {lacks:.4f} units are missed, the mart says {forgone:.4f}")
    level, pack = need["order_up_to"], policy["pack_size"]
    served = there + forgone
    units = pack * ceil(max(level - served, policy["minimum_order_units"]) / pack)
    without, with_it = short_after(policy, need, served), short_after(policy, need, served + units)
    saved = max(without - with_it, 0)
    if units != line["units"] or abs(saved - line["units_at_stake"]) > 0.01:
        raise ValueError(f"{line['action_id']}: {units} units save {saved:.4f}, the mart says otherwise")
    window, sells = policy["lead_time_days"] + policy["review_days"], need["protection_units"]
    margin = line["margin_at_risk"] or 0
    return table(
        f"**Order {units:,.0f} {named(line)}** by {line['due_on']}: {line['cost']:,.2f}, "
        f"margin at risk {margin:,.2f}.",
        line,
        ("lead time", f"{policy['lead_time_days']:.2f} days; ordered today it comes on {line['arrives_on']}"),
        ("demand", f"{sells:,.2f} in {window:.2f} days, until the order after this one can come"),
        ("level", f"{sells:,.2f} + safety {need['safety_stock']:,.2f} = {level:,.0f}"),
        ("in stock", f"{line['free_stock']:,.0f}, until {line['stock_out_on']}"),
        ("on order", f"{proposal[names[0]]:,.0f} in time, {proposal[names[1]]:,.0f} if expedited"),
        ("from other branches", f"{proposal[names[2]]:,.0f}"),
        (
            "missed before goods come",
            f"{forgone:,.2f} of the {need['lead_units']:,.2f} of the lead time, which no order serves",
        ),
        (
            "order",
            f"{level:,.0f} less {there:,.0f} and {forgone:,.2f} is {level - served:,.2f}; in packs of {pack:.0f}, at "
            f"least {policy['minimum_order_units']:.0f}: {units:,.0f}",
        ),
        ("short without it", f"{without:,.2f} from the day its goods come; with it {with_it:,.2f}"),
        ("saved", f"{saved:,.2f}, at {need['unit_margin'] or 0:.4f} each {margin:,.2f}"),
    )


def expedite(line: Row, policy: Row, need: Row) -> list[str]:
    """Work out what is missed until an open order comes."""
    days, margin = (line["demand_until"] - line["stock_out_on"]).days, line["margin_at_risk"] or 0
    lacking = line["demand_units"] - max(line["free_stock"], 0)
    return table(
        f"**Expedite {line['units']:,.0f} {named(line)}**, order {line['order_number']}, wanted by {line['due_on']}: "
        f"margin at risk {margin:,.2f}.",
        line,
        ("in stock", f"{line['free_stock']:,.0f}, until {line['stock_out_on']}"),
        ("comes", f"{line['arrives_on']}; the shelf is empty for {days} days until {line['demand_until']}"),
        (
            "demand",
            f"{line['demand_units']:,.2f} until {line['demand_until']}, less what is in stock {lacking:,.2f}",
        ),
        (
            "missed",
            f"{line['units_at_stake']:,.2f}, no more than the line has and less what arrives before; "
            f"at {need['unit_margin'] or 0:.4f} each {margin:,.2f}",
        ),
    )


def markdown(line: Row, policy: Row, left: Row) -> list[str]:
    """Work out the day of a markdown, by its season or by what waiting costs."""
    over, pace = left["leftover_units"], left["expected_units"] / max(left["days_left"], 1)
    holding = left["leftover_value"] * policy["holding_rate"] / 365
    worth = policy["action_value"]
    by_season = f"{over:,.1f} at {pace:.3f} a day take {over / pace:,.0f} of the {left['days_left']} days that are left"
    by_cost = f"holding it costs {holding:,.4f} a day: {worth:,.0f} in {worth / holding:,.0f} days"
    return table(
        f"**Mark down {line['units']:,.0f} {named(line)}** by {line['due_on']}: {left['leftover_value']:,.2f} "
        "at purchase price.",
        line,
        ("in stock", f"{left['free_stock']:,.0f}"),
        ("demand", f"{left['expected_units']:,.2f} until {left['sell_until']}"),
        ("left over", f"{over:,.2f}"),
        ("if the season ends then", by_season),
        ("if it has no end that is ahead", by_cost),
    )


if __name__ == "__main__":
    common.exit_with(main)
