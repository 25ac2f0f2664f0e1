"""# Tenant files

Holds no DAG. It exists so that a tenant file which cannot be used shows in the Airflow UI as an import error
that names file, key and expected value, while the DAGs of every other tenant go on.
"""

from __future__ import annotations

from mercurios.tenants import load_tenants

problems = load_tenants().errors
if problems:
    raise ValueError("tenant files that cannot be used:\n" + "\n".join(str(problem) for problem in problems))
