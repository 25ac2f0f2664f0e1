"""A tenant of exports has a pipeline of the same shape, whose extract tasks are the datasets' groups."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from mercurios.sources.registry import CONTRACTS

Parse = Callable[..., object]


def test_a_tenant_of_exports_has_a_pipeline_of_its_own(root: Path, tmp_path: Path, parse: Parse) -> None:
    page = (root / "docs" / "how-to" / "try-with-files.md").read_text(encoding="utf-8")
    [example] = re.findall(r"```yaml\n(.*?)```", page, flags=re.DOTALL)
    (tmp_path / "shop.yaml").write_text(example, encoding="utf-8")

    bag = parse(tmp_path)

    assert bag.import_errors == {}  # type: ignore[attr-defined]
    dag = bag.dags["pipeline__shop"]  # type: ignore[attr-defined]
    extracts = {task.task_id for task in dag.tasks if task.task_type == "ExtractOperator"}
    assert extracts == {f"extract.{group}" for group in CONTRACTS["files"].groups()}
    assert dag.params.get_param("resync").schema["examples"] == list(CONTRACTS["files"].collections)
    assert {"begin", "load", "check_raw", "check_marts", "publish", "week_closed"} <= set(dag.task_ids)
