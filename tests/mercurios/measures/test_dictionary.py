"""The dictionary of measures: one name, one meaning, and every figure of the marts is in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mercurios.measures import measures
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
NUMBERS = ("double", "decimal", "bigint", "integer")


def written(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "measures.yml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def figures() -> set[str]:
    """Return the columns of published tables that are numbers, without keys and parts of dates."""
    project = parsed()
    tables = [node for node in project["nodes"].values() if "marts" in node.get("tags", ())]
    tables += [node for node in project["sources"].values() if node["schema"] == "analytics"]
    return {
        name
        for table in tables
        for name, column in table["columns"].items()
        if (column["data_type"] or "").startswith(NUMBERS) and not name.endswith(KEYS)
    } - CALENDAR


def test_every_figure_of_the_marts_is_in_the_dictionary() -> None:
    assert figures() - set(measures()) == set(), "name it in include/dbt/measures.yml"


def test_no_measure_is_in_the_dictionary_that_no_mart_has() -> None:
    assert set(measures()) - figures() == set()


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
