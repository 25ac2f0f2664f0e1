"""The how-to for exports: the tenant file in it is one that loads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mercurios.sources.files.resources import CONTRACT, DERIVED, REQUIRED
from mercurios.tenants import load_tenants


@pytest.fixture
def page(root: Path) -> str:
    return (root / "docs" / "how-to" / "try-with-files.md").read_text(encoding="utf-8")


def test_the_tenant_file_of_the_page_loads(page: str, tmp_path: Path) -> None:
    [example] = re.findall(r"```yaml\n(.*?)```", page, flags=re.DOTALL)
    (tmp_path / "shop.yaml").write_text(example, encoding="utf-8")

    found = load_tenants(tmp_path)

    assert found.errors == ()
    assert found.get("shop").source.kind == "files"


def test_the_page_names_every_dataset_with_all_its_fields(page: str) -> None:
    rows = {
        cells[1].strip(" `"): cells
        for cells in (line.split("|") for line in page.splitlines())
        if len(cells) == 7
    }

    for name, resource in CONTRACT.resources.items():
        named = set(re.findall(r"`(\w+)`", rows[name][4] + rows[name][5]))
        needed = set(re.findall(r"`(\w+)`", rows[name][4]))
        assert named == resource.fields - DERIVED
        assert needed == {field for choice in REQUIRED[name] for field in choice}
