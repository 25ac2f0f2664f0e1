"""The dictionary of measures, `include/dbt/measures.yml`: one name, one meaning, for marts, workbook and pages.

It lies beside the models, because who changes a figure has to change its words with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

DICTIONARY = Path(__file__).resolve().parents[2] / "dbt" / "measures.yml"
UNITS = ("units", "money", "share", "days", "weeks", "count", "factor", "rank")
LANGUAGES = ("en", "de")


@dataclass(frozen=True)
class Measure:
    """A figure of the marts.

    Attributes:
        name: the column's name, the same in every mart.
        unit: one of `UNITS`; a share lies between 0 and 1 unless its formula says otherwise.
        en: what it is called in English.
        de: what it is called in German.
        formula: how it is computed, in words or columns.
        window: of which days; None for those of the mart.
        part_of: the measure it is never more than, for the same rows.
    """

    name: str
    unit: str
    en: str
    de: str
    formula: str
    window: str | None = None
    part_of: str | None = None

    def label(self, language: str) -> str:
        """Return what it is called.

        Raises:
            ValueError: the language is not one of `LANGUAGES`.
        """
        if language not in LANGUAGES:
            raise ValueError(f"there are no labels in {language!r}; languages are {' and '.join(LANGUAGES)}")
        return self.en if language == "en" else self.de


def measures(path: Path = DICTIONARY) -> Mapping[str, Measure]:
    """Return every measure by its name.

    Raises:
        ValueError: an entry lacks a word, has an unknown one, or is a part of nothing that is there.
    """
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _read(path: Path, changed: int) -> Mapping[str, Measure]:
    entries: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    found = {name: _measure(name, entry) for name, entry in entries.items()}
    for measure in found.values():
        _check_nesting(measure, found)
    return found


def _measure(name: str, entry: Mapping[str, Any]) -> Measure:
    try:
        measure = Measure(name, **entry)
    except TypeError as error:
        raise ValueError(
            f"measure {name}: expected unit, en, de and formula, and where they apply window and part_of; "
            f"found {', '.join(entry)}"
        ) from error
    if measure.unit not in UNITS:
        raise ValueError(f"measure {name}: unit {measure.unit!r} is unknown; units are {', '.join(UNITS)}")
    return measure


def _check_nesting(measure: Measure, found: Mapping[str, Measure]) -> None:
    whole, seen = measure, [measure.name]
    while whole.part_of is not None:
        if whole.part_of not in found:
            raise ValueError(f"measure {whole.name}: part_of {whole.part_of!r} is no measure")
        whole = found[whole.part_of]
        if whole.name in seen:
            raise ValueError(
                f"measure {measure.name} is a part of itself: {' -> '.join([*seen, whole.name])}"
            )
        seen.append(whole.name)
    if whole.unit != measure.unit:
        raise ValueError(
            f"measure {measure.name} is in {measure.unit}, but a part of {whole.name} in {whole.unit}"
        )
