"""A dbt command in this process, as the DAG's task runs it, and when each model and test began and ended.

Run by `dbt_build.py`: python benchmarks/dbt_process.py FILE COMMAND...
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

# In the order in which they are made; what compares layers is a test of the last one.
LAYERS = ("staging", "conformed", "intermediate", "marts")


def described(result: Any) -> dict[str, Any]:
    """Return layer, kind and name of what was run, and when it began and ended, in seconds."""
    node = result.node
    layer = node.fqn[1] if node.fqn[1] in LAYERS else LAYERS[-1]
    moments = [moment for step in result.timing for moment in (step.started_at, step.completed_at)]
    begin, end = min(moments).timestamp(), max(moments).timestamp()
    return {"layer": layer, "kind": str(node.resource_type), "name": node.name, "begin": begin, "end": end}


def main() -> int:
    """Run the command and write its nodes."""
    from dbt.cli.main import dbtRunner

    file, *arguments = sys.argv[1:]
    done = dbtRunner().invoke(arguments)
    results = getattr(done.result, "results", [])
    Path(file).write_text(json.dumps([described(result) for result in results if result.timing]))
    return 0 if done.success else 1


if __name__ == "__main__":
    sys.exit(main())
