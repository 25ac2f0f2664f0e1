"""Panels, plans and stocks as people save them: read as the plain file is, or refused with the reason."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mercurios.forecasting.panel.panel import PanelError
from mercurios.forecasting.panel.reader import read_source
from mercurios.forecasting.panel.source import Source
from mercurios.policy_backtest.sales_history import read_sales_history

WEEKS = 30
MONDAY = date(2025, 1, 6)
PLAN = "article,branch,week,x_promo\n{key},1,2025-08-04,1\n{key},1,2025-08-11,0\n"


def line(key: str, week: int, end: str = "") -> str:
    return f"{key},1,{MONDAY + timedelta(7 * week)},{5 + week % 3}{end}"


def panel(folder: Path, *keys: str, promo: bool = False) -> Path:
    """Write a weekly panel with a promotion in its first week."""
    head = "article,branch,week,quantity" + (",x_promo" if promo else "")
    lines = [line(key, week, f",{int(week == 0)}" if promo else "") for key in keys for week in range(WEEKS)]
    return saved(folder, "\n".join([head, *lines]))


def saved(folder: Path, text: str, name: str = "panel.csv", encoding: str = "utf-8") -> Path:
    (folder / name).write_text(text, encoding=encoding)
    return folder / name


def read(path: Path, plan: Path | None = None) -> Source:
    return read_source(path, horizon=lambda cadence: 2 * cadence.week, plan=plan, today=date(2026, 1, 1))


def test_a_german_file_gives_the_figures_of_a_plain_one(tmp_path: Path) -> None:
    """Semicolons, commas before fractions, dd.mm.yyyy, WAHR and letters of Windows."""
    plain = read(panel(tmp_path, "00123", "Ärmel"))
    lines = ["Article;Branch;Week;Quantity;In_stock"]
    for key in ("00123", "Ärmel"):
        for week in range(WEEKS):
            day = MONDAY + timedelta(7 * week)
            lines.append(f"{key};1;{day:%d.%m.%Y};{5 + week % 3},0;WAHR")
    german = read(saved(tmp_path, "\r\n".join(lines), "german.csv", "cp1252"))

    assert np.array_equal(german.panel.y, plain.panel.y)
    assert np.array_equal(german.panel.mask, plain.panel.mask)
    assert german.articles.to_pylist() == plain.articles.to_pylist() == ["00123", "Ärmel"]
    assert np.array_equal(german.panel.week_starts, plain.panel.week_starts)


@pytest.mark.parametrize("day", ["1970-01-05", "2001-01-01", "2023-01-02"])
@pytest.mark.parametrize("key", ["0", "26"])
def test_a_row_a_year_and_more_from_all_others_moves_nothing_of_them(
    tmp_path: Path, day: str, key: str
) -> None:
    """Of an article that all know, and of one that only the row names."""
    keys = [str(number) for number in range(5)]
    plain = read(panel(tmp_path, *keys))
    lines = [line(each, week) for each in keys for week in range(WEEKS)]
    stray = read(saved(tmp_path, "\n".join(["article,branch,week,quantity", f"{key},1,{day},5", *lines])))

    assert np.array_equal(stray.panel.y, plain.panel.y)
    assert np.array_equal(stray.panel.week_starts, plain.panel.week_starts)
    assert stray.articles.to_pylist() == plain.articles.to_pylist()
    assert [note for note in stray.notes if note not in plain.notes] == [
        f"1 rows more than a year away from all others were left out ({day}): correct their dates"
    ]


def test_many_rows_before_a_year_without_any_are_a_history(tmp_path: Path) -> None:
    keys = [str(number) for number in range(5)]
    before = [f"{key},1,2022-01-03,5" for key in keys]
    lines = [line(key, week) for key in keys for week in range(WEEKS)]

    found = read(saved(tmp_path, "\n".join(["article,branch,week,quantity", *before, *lines])))

    assert str(found.panel.week_starts[0]) == "2022-01-03"


def test_local_midnights_with_an_offset_are_the_days_that_are_written(tmp_path: Path) -> None:
    days = [date(2025, 3, 1) + timedelta(day) for day in range(60)]
    rows = {
        end: [f"A,1,{day}{end},{5 + day.weekday()}" for day in days]
        for end in ("", " 00:00:00+01:00", "T00:00:00+0200")
    }
    plain, *others = (
        read(saved(tmp_path, "article,branch,date,quantity\n" + "\n".join(each))) for each in rows.values()
    )

    for other in others:
        assert np.array_equal(other.panel.y, plain.panel.y)
        assert other.label(other.panel.week_starts[0]) == np.datetime64("2025-03-01")


def test_instants_of_utc_that_are_midnight_elsewhere_are_refused(tmp_path: Path) -> None:
    rows = "\n".join(f"A,1,2025-03-{day:02d} 23:00:00Z,5" for day in range(1, 20))

    with pytest.raises(
        PanelError, match=r"column 'date', row 1: .* is an instant in UTC, .* write the local day"
    ):
        read(saved(tmp_path, f"article,branch,date,quantity\n{rows}\n"))


@pytest.mark.parametrize("column", ["date", "week"])
@pytest.mark.parametrize("last", [False, True])
def test_monthly_sales_are_refused_as_such(tmp_path: Path, column: str, last: bool) -> None:
    firsts = [date(2024 + month // 12, month % 12 + 1, 1) - timedelta(int(last)) for month in range(20)]
    rows = "\n".join(f"A,1,{day},50" for day in firsts)

    with pytest.raises(
        PanelError,
        match=f"column '{column}', row 1: .* stands for a month.* --frequency M .* or export weeks",
    ):
        read(saved(tmp_path, f"article,branch,{column},quantity\n{rows}\n"))


@pytest.mark.parametrize("key", ["4.01235E+12", "4,01235E+12", "4E+12"])
def test_a_key_that_a_spreadsheet_has_shortened_is_refused(tmp_path: Path, key: str) -> None:
    """Every EAN of a shop begins with the same digits, so that all its articles would be one."""
    lines = [f"{key};1;{MONDAY + timedelta(7 * week)};5" for week in range(WEEKS)]

    with pytest.raises(
        PanelError, match=r"'article', row 1: is a long number that a spreadsheet has shortened"
    ):
        read(saved(tmp_path, "article;branch;week;quantity\n" + "\n".join(lines)))


def test_yes_and_no_are_no_quantity(tmp_path: Path) -> None:
    columns = {"article": ["A"], "branch": ["1"], "week": [MONDAY], "quantity": [True]}
    pq.write_table(pa.table(columns), tmp_path / "panel.parquet")

    with pytest.raises(PanelError, match=r"column 'quantity', row 1: expected numbers, got true or false"):
        read(tmp_path / "panel.parquet")


def test_a_time_zone_that_no_one_knows_is_named(tmp_path: Path) -> None:
    week = pa.array([datetime.combine(MONDAY, time())], pa.timestamp("ns", tz="Mars/Olympus"))
    columns = {"article": ["A"], "branch": ["1"], "week": week, "quantity": [1]}
    pq.write_table(pa.table(columns), tmp_path / "panel.parquet")

    with pytest.raises(PanelError, match=r"column 'week', row 1: its time zone 'Mars/Olympus' is not known"):
        read(tmp_path / "panel.parquet")


@pytest.mark.parametrize("key", ["123", "123.0", " 123 ", '="123"'])
def test_a_number_is_the_same_key_however_a_program_saved_it(tmp_path: Path, key: str) -> None:
    plan = saved(tmp_path, PLAN.format(key=key), "plan.csv")

    for name in ("123", "123.0", " 123", '="123"'):
        source = read(panel(tmp_path, name, promo=True), plan)
        assert source.panel.x is not None
        assert source.panel.x[0, WEEKS:, 0].tolist() == [1, 0]


def test_a_plan_of_which_no_row_fits_is_refused_with_both_spellings(tmp_path: Path) -> None:
    for key, other in (("00123", "123"), ("A 1", "a1")):
        with pytest.raises(
            PanelError, match=f"no row of the plan .* '{other}' of the plan looks like '{key}' of the panel"
        ):
            read(panel(tmp_path, key, promo=True), saved(tmp_path, PLAN.format(key=other), "plan.csv"))
    with pytest.raises(PanelError, match=r"the plan begins with article 'X', the panel with 'A1'"):
        read(panel(tmp_path, "A1", promo=True), saved(tmp_path, PLAN.format(key="X"), "plan.csv"))


def test_a_row_of_a_plan_that_fits_in_another_spelling_is_named(tmp_path: Path) -> None:
    plan = saved(tmp_path, PLAN.format(key="A1") + "b 2,1,2025-08-04,1\nnew,1,2025-08-04,1\n", "plan.csv")

    notes = " ".join(read(panel(tmp_path, "A1", "B2", promo=True), plan).notes)

    assert "article 'b 2' of the plan looks like 'B2' of the panel and is spelt otherwise" in notes
    assert "2 rows of the plan lie outside" in notes


def test_a_plan_with_another_article_or_without_rows_is_read(tmp_path: Path) -> None:
    path = panel(tmp_path, "123", promo=True)
    more = saved(tmp_path, PLAN.format(key="123") + "NEW,1,2025-08-04,1\n", "more.csv")
    none = saved(tmp_path, "article,branch,week,x_promo\n", "none.csv")

    found = [read(path, plan).panel.x for plan in (more, none)]

    assert [x[0, WEEKS:, 0].tolist() for x in found if x is not None] == [[1, 0], [0, 0]]


def test_keys_that_look_alike_are_named_and_stay_two(tmp_path: Path) -> None:
    source = read(panel(tmp_path, "A 1", "a1"))

    assert source.panel.n_series == 2
    assert (
        "article 'A 1' and 'a1' count as two though they look alike: spell them alike if they are one"
        in source.notes
    )


def test_blanks_around_a_key_are_no_part_of_it(tmp_path: Path) -> None:
    lines = [line(key, week) for week in range(WEEKS) for key in ["A1 " if week % 2 else "A1"]]

    assert read(saved(tmp_path, "article,branch,week,quantity\n" + "\n".join(lines))).panel.n_series == 1


def test_a_quotation_mark_that_is_not_closed_is_named(tmp_path: Path) -> None:
    lines = [line("A", week) for week in range(WEEKS)]
    lines[3], lines[8] = f'"{lines[3]}', lines[8].replace("A", 'A"', 1)
    path = saved(tmp_path, "\n".join(["article,branch,week,quantity", *lines]))

    with pytest.raises(PanelError, match="column 'article', row 4: holds a line break: a quotation mark"):
        read(path)


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    text = "article,branch,week,quantity,quantity\nA,1,2025-01-06,5,6\n"

    with pytest.raises(PanelError, match="column 'quantity': stands 2 times in the header; keep one"):
        read(saved(tmp_path, text))


@pytest.mark.parametrize(
    "kind", [pa.string_view(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())]
)
def test_keys_of_newer_types_are_read(tmp_path: Path, kind: pa.DataType) -> None:
    plain = read(panel(tmp_path, "A1", "A2"))
    weeks = [MONDAY + timedelta(7 * week) for _ in range(2) for week in range(WEEKS)]
    columns = {
        "article": pa.array([key for key in ("A1", "A2") for _ in range(WEEKS)]).cast(kind),
        "branch": pa.array(["1"] * 2 * WEEKS).cast(kind),
        "week": pa.array(weeks),
        "quantity": pa.array([5 + week % 3 for _ in range(2) for week in range(WEEKS)]).cast(
            pa.decimal128(22, 2)
        ),
    }
    pq.write_table(pa.table(columns), tmp_path / "panel.parquet")

    found = read(tmp_path / "panel.parquet")

    assert np.array_equal(found.panel.y, plain.panel.y)
    assert found.articles.to_pylist() == ["A1", "A2"]


def test_lists_are_no_keys(tmp_path: Path) -> None:
    columns = {"article": [["A"]], "branch": ["1"], "week": [MONDAY], "quantity": [1]}
    pq.write_table(pa.table(columns), tmp_path / "panel.parquet")

    with pytest.raises(PanelError, match=r"column 'article', row 1: expected text or numbers, got list"):
        read(tmp_path / "panel.parquet")


def test_a_stock_at_the_beginning_that_fits_nothing_is_refused(tmp_path: Path) -> None:
    path = panel(tmp_path, "00123")
    state = saved(tmp_path, "Article;Branch;On_hand\n123;1;5,0\n", "state.csv")

    with pytest.raises(PanelError, match=r"'123' of the initial state looks like '00123' of the panel"):
        read_sales_history(path, horizon=4, initial_state=state)

    fitting = saved(tmp_path, "Article;Branch;On_hand\n00123;1;5,5\n", "state.csv")
    assert read_sales_history(path, horizon=4, initial_state=fitting).stock.tolist() == [5.5]


@pytest.mark.parametrize("sign", [";", "\t", "|", "workbook"])
def test_a_thousand_that_may_be_one_is_refused_in_any_german_file(tmp_path: Path, sign: str) -> None:
    """`1.005` beside whole numbers is a thousand to the buyer who saved it, and was read as one."""
    rows = [["article", "branch", "week", "quantity"]]
    rows += [
        ["A", "1", f"{MONDAY + timedelta(7 * week):%d.%m.%Y}", "8" if week % 2 else "1.005"]
        for week in range(WEEKS)
    ]
    if sign == "workbook":
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        path = tmp_path / "panel.xlsx"
        book.save(path)
    else:
        path = saved(tmp_path, "\n".join(sign.join(row) for row in rows))

    with pytest.raises(
        PanelError, match=r"column 'quantity', row 1: '1\.005' may be a thousand times as much"
    ):
        read(path)


@pytest.mark.parametrize("zone", ["GMT", "Etc/UTC", "Zulu", "+0000", "-00:00", "UCT", "Etc/GMT0"])
def test_utc_is_known_by_all_of_its_names(tmp_path: Path, zone: str) -> None:
    days = [datetime(2025, 1, 5, 23) + timedelta(7 * week) for week in range(WEEKS)]
    path = tmp_path / "panel.parquet"
    _write(path, week=pa.array(days, pa.timestamp("us", zone)))

    with pytest.raises(PanelError, match=r"row 1: 2025-01-05 23:00:00\+00:00 is an instant in UTC"):
        read(path)


@pytest.mark.parametrize(
    "key", [pa.scalar(2.0**24, pa.float32()), pa.scalar(2.0**53), pa.scalar(1e300), pa.scalar(float("inf"))]
)
def test_a_key_whose_type_may_have_made_one_of_several_is_refused(tmp_path: Path, key: pa.Scalar) -> None:
    path = tmp_path / "panel.parquet"
    _write(path, article=pa.repeat(key, WEEKS))

    with pytest.raises(
        PanelError, match=r"column 'article', row 1: is a number of more digits than .* keeps: save"
    ):
        read(path)


def test_a_key_with_a_control_character_is_refused(tmp_path: Path) -> None:
    path = panel(tmp_path, "A\x1bB")

    with pytest.raises(PanelError, match="column 'article', row 1: holds a control character"):
        read(path)


@pytest.mark.parametrize("total", ["Summe", "gesamtergebnis", "Grand Total", "4711 Ergebnis"])
def test_a_total_among_articles_is_refused(tmp_path: Path, total: str) -> None:
    """It would be one more article, as large as all others together."""
    with pytest.raises(PanelError, match=f"row {WEEKS + 1}: '{total}' is a total: remove the rows of totals"):
        read(panel(tmp_path, "4711", total))


def test_a_retailer_of_one_branch_may_call_it_a_total(tmp_path: Path) -> None:
    lines = [line("Cola Total", week).replace(",1,", ",Gesamt,") for week in range(WEEKS)]

    source = read(saved(tmp_path, "\n".join(["article,branch,week,quantity", *lines])))

    assert (source.articles.to_pylist(), source.branches.to_pylist()) == (["Cola Total"], ["Gesamt"])


def test_yes_and_no_of_one_byte_are_no_quantity_either(tmp_path: Path) -> None:
    path = tmp_path / "panel.parquet"
    _write(path, quantity=pa.ExtensionArray.from_storage(pa.bool8(), pa.array([1] * WEEKS, pa.int8())))

    with pytest.raises(PanelError, match="column 'quantity', row 1: expected numbers, got true or false"):
        read(path)


def _write(path: Path, **columns: pa.Array) -> None:
    """Write a panel of one series as Parquet, with other columns in place of its own."""
    plain = {
        "article": pa.array(["A"] * WEEKS),
        "branch": pa.array(["1"] * WEEKS),
        "week": pa.array([MONDAY + timedelta(7 * week) for week in range(WEEKS)]),
        "quantity": pa.array([5 + week % 3 for week in range(WEEKS)]),
    }
    pq.write_table(pa.table(plain | columns), path)
