"""The dictionary of measures: one name, one meaning, and every figure of the marts is in it."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest

from mercurios.measures import LANGUAGES, measures
from mercurios.warehouse.marts import parsed

# Numbers that count or name nothing a person reads as a figure.
KEYS = ("_number", "_id", "_position")
CALENDAR = {
    "first_day",
    "horizon",
    "iso_week",
    "iso_weekday",
    "iso_year",
    "periods",
    "quarter_number",
    "year_number",
}
# Of which days figures are, where a mart or the dictionary says so; docs/figures.md has the rules.
YEAR = "52 complete weeks"
WINDOWS = {
    YEAR,
    "13 complete weeks",
    "4 complete weeks",
    "13 weeks up to the stock-out",
    "since the first receipt line",
    "the protection period",
    "365 days to today",
}
YEARS_OF_THEIR_OWN = re.compile(
    r"-\s*(?:36[3-6]|72[789]|73[01])\b|\*\s*52\b|\b52\s*\*|/ ?36[45]\b|interval '1 year'"
)
MODELS = Path(__file__).parents[3] / "include" / "dbt" / "models"
NUMBERS = ("double", "decimal", "bigint", "integer")


def written(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "measures.yml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def figures() -> set[str]:
    """Return the columns of published tables that are numbers, without keys, parts of dates and what builds compare."""
    project = parsed()
    tables = [node for node in project["nodes"].values() if "marts" in node.get("tags", ())]
    tables += [node for node in project["sources"].values() if node["schema"] == "analytics"]
    return (
        {
            name
            for table in tables
            for name, column in table["columns"].items()
            if (column["data_type"] or "").startswith(NUMBERS) and not name.endswith(KEYS)
        }
        - CALENDAR
        - {"fingerprint"}
    )


def test_every_figure_of_the_marts_is_in_the_dictionary() -> None:
    assert figures() - set(measures()) == set(), "name it in include/dbt/measures.yml"


def test_no_measure_is_in_the_dictionary_that_no_mart_has() -> None:
    assert set(measures()) - figures() == set()


def test_a_formula_has_one_name() -> None:
    """But for units of sales, whose names `test_a_meaning_has_one_name_in_all_marts` explains."""
    named: dict[tuple[str, str, str | None], set[str]] = defaultdict(set)
    for name, measure in measures().items():
        named[measure.unit, measure.formula, measure.window].add(name)

    assert [found for found in named.values() if len(found) > 1] == [{"units", "units_sold"}]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_label_names_one_measure(language: str) -> None:
    named: dict[str, set[str]] = defaultdict(set)
    for name, measure in measures().items():
        named[measure.label(language).casefold()].add(name)

    assert {label: names for label, names in named.items() if len(names) > 1} == {}


def marts_of_the_year() -> dict[str, set[str]]:
    """Return the columns of each mart that asks for the days of the year itself or in a step of it."""
    project = parsed()
    nodes = project["nodes"]

    def asks(key: str) -> bool:
        node = nodes.get(key)
        if node is None:
            return False
        steps = [
            parent
            for parent in node["depends_on"]["nodes"]
            if parent in nodes and nodes[parent]["config"]["materialized"] == "ephemeral"
        ]
        macros = {macro.rpartition(".")[2] for macro in node["depends_on"]["macros"]}
        return bool(macros & {"in_year", "year_begins_on"}) or any(asks(step) for step in steps)

    return {
        node["name"]: set(node["columns"])
        for key, node in nodes.items()
        if "marts" in node.get("tags", ()) and node["resource_type"] == "model" and asks(key)
    }


def windows_of_marts() -> dict[str, str]:
    """Return the window that a mart declares."""
    nodes = parsed()["nodes"].values()
    declared = {node["name"]: node["config"].get("meta", {}).get("window") for node in nodes}
    return {name: window for name, window in declared.items() if window}


def test_windows_are_called_the_same_everywhere() -> None:
    windows = {measure.window for measure in measures().values()} | set(windows_of_marts().values())

    assert windows - {None} == WINDOWS


def test_a_mart_of_the_year_says_so_or_its_columns_do() -> None:
    marts, declared, named = marts_of_the_year(), windows_of_marts(), measures()

    silent = [
        mart
        for mart, columns in marts.items()
        if declared.get(mart) != YEAR
        and not any(named[column].window == YEAR for column in columns if column in named)
    ]

    assert len(marts) > 5
    assert silent == []
    assert {mart for mart, window in declared.items() if window == YEAR} <= marts.keys() | {"inventory_kpi"}


def test_no_model_computes_a_year_of_its_own() -> None:
    years = {
        path.stem: found
        for path in MODELS.rglob("*.sql")
        if (found := YEARS_OF_THEIR_OWN.findall(path.read_text(encoding="utf-8")))
    }

    assert years == {}


@pytest.mark.parametrize("text", ["add_days('as_of_date', -364)", "units / 365", "'-7 * 52'", "- 728"])
def test_a_year_of_its_own_is_found(text: str) -> None:
    assert YEARS_OF_THEIR_OWN.search(text)


def test_labels_are_given_in_both_languages() -> None:
    free = measures()["free_stock"]

    assert (free.label("en"), free.label("de")) == ("Free stock", "Freier Bestand")
    with pytest.raises(ValueError, match="no labels in 'fr'; languages are en and de"):
        free.label("fr")


def test_a_measure_without_a_word_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "stock: {unit: units, en: Stock, formula: counted}")

    with pytest.raises(ValueError, match="measure stock: expected unit, en, de and formula"):
        measures(path)


def test_an_unknown_unit_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "stock: {unit: pieces, en: Stock, de: Bestand, formula: counted}")

    with pytest.raises(ValueError, match="measure stock: unit 'pieces' is unknown"):
        measures(path)


@pytest.mark.parametrize(
    ("part_of", "unit", "message"),
    [
        ("nothing", "units", "part_of 'nothing' is no measure"),
        ("excess", "units", "is a part of itself: excess -> excess"),
        ("stock", "money", "is in money, but a part of stock in units"),
    ],
)
def test_a_part_of_what_cannot_hold_it_is_refused(
    tmp_path: Path, part_of: str, unit: str, message: str
) -> None:
    path = written(
        tmp_path,
        "stock: {unit: units, en: Stock, de: Bestand, formula: counted}",
        f"excess: {{unit: {unit}, en: Excess, de: Überbestand, formula: f, part_of: {part_of}}}",
    )

    with pytest.raises(ValueError, match=message):
        measures(path)
