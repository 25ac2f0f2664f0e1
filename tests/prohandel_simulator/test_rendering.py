"""Bytes of single values, where the wire format has its traps."""

from __future__ import annotations

import json

import numpy as np
import pytest

from prohandel_simulator.clock import parse_instant
from prohandel_simulator.rendering import TICKS, Coded, render_columns, tick_text, uuids, zoned_ticks
from prohandel_simulator.schema import FIELDS


@pytest.mark.parametrize(
    ("fraction", "text"),
    [(0, ""), (1, ".0000001"), (5_940_474, ".5940474"), (5_000_000, ".5"), (1_200, ".00012")],
)
def test_fractions_lose_trailing_zeros_and_an_empty_fraction_its_point(fraction, text):
    ticks = 1_571_732_780 * TICKS + fraction

    row = json.loads(render_columns("label", {"lastChange": np.array([ticks])}, slice(0, 1))[0].as_py()[1:])

    assert row["lastChange"] == tick_text(ticks) == f"2019-10-22T08:26:20{text}"


@pytest.mark.parametrize(
    ("cents", "text"),
    [
        (0, "0.00"),
        (5, "0.05"),
        (-5, "-0.05"),
        (2040, "20.40"),
        (-2396, "-23.96"),
        (10**13, "100000000000.00"),
    ],
)
def test_money_has_exactly_two_decimals(cents, text):
    rendered = render_columns("credit", {"value": np.array([cents])}, slice(0, 1))[0].as_py()

    assert f'"value":{text},' in rendered


def test_missing_dates_are_null_beside_real_ones():
    dates = np.array(["2026-03-04", "NaT"], dtype="datetime64[D]")

    rows = [
        json.loads(row[1:]) for row in render_columns("season", {"validFrom": dates}, slice(0, 2)).to_pylist()
    ]

    assert [row["validFrom"] for row in rows] == ["2026-03-04T00:00:00", None]


def test_text_with_quotes_newlines_and_umlauts_survives():
    names = ['12" "Käthe"\r\n', "plain"]

    rows = render_columns("label", {"name": Coded(np.array([1, 0]), names)}, slice(0, 2)).to_pylist()

    assert [json.loads(row[1:])["name"] for row in rows] == names[::-1]
    assert "Käthe" in rows[1]


def test_a_slice_of_rows_equals_the_same_rows_of_the_whole():
    columns = {"number": np.arange(10), "id": uuids(np.random.default_rng(3), 10)}

    whole = render_columns("label", columns, slice(0, 10)).to_pylist()

    assert render_columns("label", columns, slice(4, 7)).to_pylist() == whole[4:7]
    assert list(json.loads(whole[0][1:])) == [field.name for field in FIELDS["label"]]


def test_local_time_follows_the_change_of_clocks():
    winter, summer = (parse_instant(text) for text in ("2026-01-15T12:00:00Z", "2026-07-15T12:00:00Z"))

    local = zoned_ticks(np.array([winter, summer]), "Europe/Berlin")

    assert [tick_text(one)[11:13] for one in local] == ["13", "14"]
