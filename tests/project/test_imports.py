"""Arrows run one way: dags -> plugins -> mercurios, and nothing heavy loads where Airflow starts.

Ruff reports both rules while code is written; these tests prove that the rules bite, and check what ruff cannot
see: the direction between our own packages, and what an import really pulls in.
"""

from __future__ import annotations

import ast
import graphlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HEAVY = ("duckdb", "great_expectations", "numpy", "pandas", "pyarrow", "scipy", "statsmodels")

# What each package of `mercurios` may know besides itself. A dotted name is a module that may be known by itself.
MAY_KNOW = {
    "inputs": (),
    "orders.settings": ("inputs",),
    "measures": (),
    "sources.contract": (),
    "sources.settings": ("inputs", "sources.contract"),
    "sources.registry": (
        "sources.contract",
        "sources.files.settings",
        "sources.prohandel.settings",
        "sources.settings",
    ),
    "sources.source": ("landing",),
    "sources.rows": ("sources.contract", "sources.hash_keys", "sources.settings"),
    "sources.collect": ("landing", "sources.contract", "sources.rows", "sources.settings"),
    "sources.files": (
        "inputs",
        "landing",
        "sources.collect",
        "sources.contract",
        "sources.rows",
        "sources.settings",
        "sources.source",
    ),
    "sources.prohandel": (
        "landing",
        "sources.collect",
        "sources.contract",
        "sources.hash_keys",
        "sources.rows",
        "sources.settings",
        "sources.source",
    ),
    "sources.prohandel.http": ("sources.source",),
    "sources.prohandel.paging": ("sources.prohandel.http", "sources.rows"),
    "tenants.run": (),
    "alerts": ("tenants.run",),
    "forecasting": ("inputs",),
    # A tenant file's source is checked against the sources there are, and its warehouse connection against the engines.
    "tenants": (
        "inputs",
        "sources.registry",
        "sources.settings",
        "orders.settings",
        "warehouse.backend",
        "warehouse.registry",
    ),
    "warehouse.backend": ("sources.contract", "warehouse.engine", "warehouse.publication"),
    "warehouse.registry": ("warehouse.backend", "warehouse.duckdb", "warehouse.snowflake"),
    "landing": (),
    "sources": ("inputs", "landing"),
    "warehouse": (
        "inputs",
        "landing",
        "sources.contract",
        "sources.hash_keys",
        "sources.registry",
        "sources.settings",
        "tenants",
    ),
    "orders": (
        "inputs",
        "measures",
        "warehouse",
    ),
    "policy_backtest": ("forecasting", "inputs", "orders", "warehouse"),
    "quality": ("inputs", "sources.contract", "sources.registry", "tenants.run", "warehouse"),
    "jobs": ("alerts", "forecasting", "landing", "quality", "sources", "tenants", "warehouse"),
    "cli": (
        "alerts",
        "forecasting",
        "jobs",
        "landing",
        "orders",
        "policy_backtest",
        "sources",
        "tenants",
        "warehouse",
    ),
}

# What each part of `mercurios_airflow` may know besides itself.
PLUGINS_MAY_KNOW = {
    "landing": (),
    "connection_types": (),
    "executor": (),
    "standalone": (),
    "alerts": ("landing",),
    "tenancy": ("alerts", "warehouse.hooks"),
    "tenant_operator": ("tenancy",),
    "connections": ("landing", "warehouse"),
    "sources": ("landing", "tenant_operator"),
    "modelling": ("warehouse.hooks",),
    "warehouse": ("alerts", "landing", "sources.connect", "tenant_operator"),
    "forecast": ("alerts", "landing", "tenant_operator", "warehouse.hooks"),
}

# The parts of `mercurios.forecasting`, from the ground up: each may know only those before it.
FORECASTING = (
    "arrays",
    "settings",
    "panel",
    "effects",
    "uncertainty",
    "methods",
    "selection",
    "output",
    "engine",
    "command",
)


def _imports(path: Path, *, for_annotations: bool = True) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    checks = [node for node in ast.walk(tree) if isinstance(node, ast.If) and _is_type_checking(node.test)]
    left_out = set() if for_annotations else {id(node) for check in checks for node in ast.walk(check)}
    for node in ast.walk(tree):
        if id(node) in left_out:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _is_type_checking(test: ast.expr) -> bool:
    return isinstance(test, ast.Name) and test.id == "TYPE_CHECKING"


def _top_level_names(folder: Path) -> set[str]:
    return {path.stem for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}


def _offenders(folder: Path, forbidden: set[str]) -> list[str]:
    return [
        f"{path.relative_to(folder)} imports {name}"
        for path in sorted(folder.rglob("*.py"))
        for name in _imports(path)
        if name.split(".")[0] in forbidden
    ]


def test_only_the_plugin_of_a_source_knows_the_source(root: Path) -> None:
    """What a source is called outside its own package is a word in the registry and in tenant files."""
    rooms = [root / "dags", root / "plugins", *(root / "include" / "mercurios").iterdir()]
    outside = [room for room in rooms if room.name != "sources" and room.is_dir()]
    plugin = root / "plugins" / "mercurios_airflow" / "sources"

    knowing = {
        path
        for room in outside
        for path in room.rglob("*.py")
        for name in _imports(path)
        if name.startswith(("mercurios.sources.prohandel", "mercurios.sources.files"))
    }

    assert sorted(path for path in knowing if not path.is_relative_to(plugin)) == []
    assert sorted(path.relative_to(plugin).parts[0] for path in knowing) == [
        "files.py",
        "prohandel",
        "prohandel",
    ]


# Where the source's own files are; tenant files name their source.
OF_PROHANDEL = (
    "include/mercurios/sources/prohandel",
    "plugins/mercurios_airflow/sources/prohandel",
    "include/dbt/models/staging/prohandel",
    "include/tenants",
)

# Files outside that name ProHandel all the same, and why.
MAY_NAME_PROHANDEL = {
    "include/mercurios/sources/registry.py": "lists the sources",
    "plugins/mercurios_airflow/sources/connect.py": "says which module opens which source",
    "plugins/mercurios_airflow/connection_types/__init__.py": "declares the form of its connections",
    "include/dbt/models/conformed": "each model takes the rows of every source's staging",
}


def _names_prohandel(text: str) -> bool:
    return re.search(r"pro[\s_-]?handel", text, re.IGNORECASE) is not None


def test_only_listed_files_outside_its_folders_name_prohandel(root: Path) -> None:
    """Messages, comments and descriptions too: what any tenant may read holds for any source."""
    done = subprocess.run(
        [
            "git",
            "ls-files",
            "include/mercurios",
            "include/sql",
            "include/dbt",
            "include/tenants",
            "plugins",
            "dags",
        ],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    outside = [name for name in done.stdout.splitlines() if not name.startswith(OF_PROHANDEL)]

    naming = {
        next((each for each in MAY_NAME_PROHANDEL if name.startswith(each)), name)
        for name in outside
        if _names_prohandel((root / name).read_text(encoding="utf-8", errors="replace"))
    }

    assert len(outside) > 400
    assert naming == MAY_NAME_PROHANDEL.keys()


@pytest.mark.parametrize("text", ["stg_prohandel__sales", "ProHandelError", "Pro Handel", "PRO_HANDEL_URL"])
def test_the_name_is_found_in_any_spelling(text: str) -> None:
    assert _names_prohandel(text)
    assert not _names_prohandel("a handle of a product")


def test_mercurios_knows_neither_airflow_nor_plugins_nor_dags(root: Path) -> None:
    forbidden = {"airflow", "cosmos"} | _top_level_names(root / "plugins") | _top_level_names(root / "dags")

    assert _offenders(root / "include" / "mercurios", forbidden - {"mercurios"}) == []


@pytest.mark.parametrize("package", ["mercurios_demo", "prohandel_simulator"])
def test_the_product_does_not_know_demo_or_simulator(root: Path, package: str) -> None:
    for folder in ("include/mercurios", "plugins", "dags"):
        assert _offenders(root / folder, {package}) == []


def test_plugins_do_not_know_dags(root: Path) -> None:
    assert _offenders(root / "plugins", _top_level_names(root / "dags")) == []


def test_every_package_of_mercurios_says_what_it_may_know(root: Path) -> None:
    package = root / "include" / "mercurios"

    assert {name for name in MAY_KNOW if "." not in name} == _top_level_names(package) - {
        "__init__",
        "__main__",
    }
    assert {path.name for path in package.glob("*.py")} == {"__init__.py", "__main__.py"}


@pytest.mark.parametrize("part", MAY_KNOW)
def test_a_part_of_mercurios_knows_only_what_it_may(root: Path, part: str) -> None:
    base = root / "include" / "mercurios" / part.replace(".", "/")
    files = [base.with_suffix(".py")] if base.with_suffix(".py").exists() else sorted(base.rglob("*.py"))
    allowed = tuple(f"mercurios.{name}." for name in (part, *MAY_KNOW[part]))

    known = {name for path in files for name in _imports(path) if name.split(".")[0] == "mercurios"}

    assert files
    assert sorted(name for name in known if not f"{name}.".startswith(allowed)) == []


def test_every_part_of_the_plugins_says_what_it_may_know(root: Path) -> None:
    parts = _top_level_names(root / "plugins" / "mercurios_airflow") - {"__init__"}

    assert parts == PLUGINS_MAY_KNOW.keys()


@pytest.mark.parametrize("part", PLUGINS_MAY_KNOW)
def test_a_part_of_the_plugins_knows_only_what_it_may(root: Path, part: str) -> None:
    base = root / "plugins" / "mercurios_airflow" / part
    files = [base.with_suffix(".py")] if base.with_suffix(".py").exists() else sorted(base.rglob("*.py"))
    allowed = tuple(f"mercurios_airflow.{name}." for name in (part, *PLUGINS_MAY_KNOW[part]))

    known = {name for path in files for name in _imports(path) if name.split(".")[0] == "mercurios_airflow"}

    assert files
    assert sorted(name for name in known if not f"{name}.".startswith(allowed)) == []


def test_every_package_of_the_plugins_has_its_folder_of_tests(root: Path) -> None:
    plugins, tests = root / "plugins", root / "tests" / "plugins"
    packages = [path.parent.relative_to(plugins) for path in plugins.rglob("__init__.py")]

    assert len(packages) > 8
    assert [str(each) for each in packages if not list((tests / each).rglob("test_*.py"))] == []


def _known_modules(package: Path, *, for_annotations: bool) -> dict[str, set[str]]:
    """Return for each module of a package the other modules of it that it imports."""
    modules = {
        ".".join(path.relative_to(package.parent).with_suffix("").parts).removesuffix(".__init__"): path
        for path in package.rglob("*.py")
    }
    return {
        module: {
            next((each for each in (name, name.rpartition(".")[0]) if each in modules), module)
            for name in _imports(path, for_annotations=for_annotations)
        }
        - {module}
        for module, path in modules.items()
    }


def test_no_modules_of_mercurios_import_each_other_in_a_circle(root: Path) -> None:
    """Imports inside functions count too; those for annotations alone do not."""
    known = _known_modules(root / "include" / "mercurios", for_annotations=False)

    assert len(known) > 50
    assert list(graphlib.TopologicalSorter(known).static_order())


def _package_of(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def test_no_packages_of_mercurios_know_each_other_in_a_circle(root: Path) -> None:
    """At run time: the warehouse's annotations name a tenant, whose file names its engine."""
    known: dict[str, set[str]] = {}
    for module, others in _known_modules(root / "include" / "mercurios", for_annotations=False).items():
        packages = {_package_of(other) for other in others} - {_package_of(module), ""}
        known.setdefault(_package_of(module), set()).update(packages)

    assert known["tenants"] >= {"orders", "sources", "warehouse"}
    assert list(graphlib.TopologicalSorter(known).static_order())


def test_no_modules_of_the_plugins_import_each_other_in_a_circle(root: Path) -> None:
    known = _known_modules(root / "plugins" / "mercurios_airflow", for_annotations=False)

    assert len(known) > 20
    assert list(graphlib.TopologicalSorter(known).static_order())


@pytest.mark.parametrize(("package", "least"), [("prohandel_simulator", 25), ("mercurios_demo", 3)])
def test_no_modules_of_simulator_or_demo_import_each_other(root: Path, package: str, least: int) -> None:
    """Neither directly nor through others, and not for annotations alone either."""
    known = _known_modules(root / "include" / package, for_annotations=True)

    assert len(known) >= least
    assert list(graphlib.TopologicalSorter(known).static_order())


def test_the_parts_of_forecasting_are_the_ones_that_are_ordered(root: Path) -> None:
    assert set(FORECASTING) == _top_level_names(root / "include" / "mercurios" / "forecasting") - {"__init__"}


@pytest.mark.parametrize("part", FORECASTING)
def test_a_part_of_forecasting_knows_only_the_parts_before_it(root: Path, part: str) -> None:
    base = root / "include" / "mercurios" / "forecasting" / part
    files = [base.with_suffix(".py")] if base.with_suffix(".py").exists() else sorted(base.rglob("*.py"))
    package = "mercurios.forecasting"
    parts = (f"{package}.{name}." for name in FORECASTING[: FORECASTING.index(part) + 1])
    allowed = ("mercurios.inputs.", *parts)

    known = {name for path in files for name in _imports(path) if name.split(".")[0] == "mercurios"}

    assert files
    assert sorted(name for name in known if not f"{name}.".startswith(allowed)) == []


@pytest.mark.parametrize(
    ("file", "code", "rule"),
    [
        (
            "include/mercurios/probe.py",
            '"""Probe."""\n\nfrom airflow.sdk import DAG\n\nprint(DAG)\n',
            "TID251",
        ),
        ("include/mercurios/a/b/probe.py", '"""Probe."""\n\nimport airflow\n\nprint(airflow)\n', "TID251"),
        (
            "include/prohandel_simulator/probe.py",
            '"""Probe."""\n\nimport airflow\n\nprint(airflow)\n',
            "TID251",
        ),
        *(
            (f"{folder}/probe.py", f'"""Probe."""\n\nimport {name}\n\nprint({name})\n', "TID253")
            for folder in ("dags", "plugins/mercurios_airflow/warehouse")
            for name in ("pandas", "pyarrow", "duckdb", "statsmodels", "great_expectations")
        ),
    ],
)
def test_a_forbidden_import_is_a_lint_error(root: Path, file: str, code: str, rule: str) -> None:
    assert rule in _ruff(root, file, code)


@pytest.mark.parametrize("file", ["dags/probe.py", "plugins/mercurios_airflow/sources/prohandel/probe.py"])
def test_airflow_and_late_heavy_imports_are_allowed_where_airflow_lives(root: Path, file: str) -> None:
    code = (
        '"""Probe."""\n\nfrom airflow.sdk import DAG\n\n\ndef probe() -> object:\n    """Probe."""\n'
        "    import pandas\n\n    return pandas, DAG\n"
    )

    assert _ruff(root, file, code) == set()


def _ruff(root: Path, file: str, code: str) -> set[str]:
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--stdin-filename",
        file,
        "--output-format",
        "json",
        "-",
    ]
    done = subprocess.run(command, cwd=root, input=code, capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr
    return {finding["code"] for finding in json.loads(done.stdout)}


def test_importing_every_plugin_module_loads_nothing_heavy(root: Path) -> None:
    plugins = root / "plugins"
    modules = [
        ".".join(path.relative_to(plugins).with_suffix("").parts).removesuffix(".__init__")
        for path in sorted(plugins.rglob("*.py"))
    ]
    script = (
        "import importlib, json, sys\n"
        "import airflow.sdk, airflow.plugins_manager\n"
        f"heavy = {HEAVY!r}\n"
        "before = {name for name in heavy if name in sys.modules}\n"
        f"for name in {modules!r}:\n"
        "    importlib.import_module(name)\n"
        "print(json.dumps(sorted(name for name in heavy if name in sys.modules and name not in before)))\n"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=900)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == []
