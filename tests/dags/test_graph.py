"""The graph of the test tenants' DAGs as a stored file, so that a change of it is seen and meant.

Refresh it with `MERCURIOS_REFRESH_GRAPH=1 python -m pytest tests/dags/test_graph.py` and read the difference.
The tasks that mirror single dbt models are left out: they follow the dbt project, not this repository's DAG code.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from dag_graph import graph_of

STORED = Path(__file__).with_name("graph.json")


def test_the_graph_is_the_stored_one(parse: Any, root: Path) -> None:
    bag = parse(root / "tests" / "tenants")
    graph = {dag_id: graph_of(dag) for dag_id, dag in sorted(bag.dags.items())}

    if os.environ.get("MERCURIOS_REFRESH_GRAPH"):
        STORED.write_text(json.dumps(graph, indent=2) + "\n", encoding="utf-8")

    stored = json.loads(STORED.read_text(encoding="utf-8"))
    assert graph == stored, (
        "the graph changed; if that is meant, refresh graph.json (see this file's docstring)"
    )
