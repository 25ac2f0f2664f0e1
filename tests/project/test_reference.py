"""The generated references are what `make docs` would write."""

from __future__ import annotations

import pytest
from references import PAGES, REFERENCE, holiday_regions

from mercurios.tenants.model import REGIONS


@pytest.mark.parametrize("name", PAGES)
def test_a_reference_is_what_it_describes(name: str) -> None:
    assert (REFERENCE / name).read_text(encoding="utf-8") == PAGES[name](), "run `make docs`"


def test_every_key_of_the_tenant_file_has_a_meaning() -> None:
    rows = [line for line in PAGES["tenant-file.md"]().splitlines() if line.startswith("| `")]

    assert len(rows) > 100
    assert [line for line in rows if line.endswith("|  |")] == []


def test_no_other_page_is_among_the_references() -> None:
    assert {path.name for path in REFERENCE.iterdir()} == set(PAGES)


def test_the_list_of_countries_and_regions_is_that_of_the_library_of_holidays() -> None:
    assert REGIONS.read_text(encoding="utf-8") == holiday_regions(), "run `make docs`"
