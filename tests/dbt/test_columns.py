"""What the dbt project says of columns: all of those that are there, no others, and what each means."""

from __future__ import annotations

import copy
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from mercurios.sources.registry import every_resource
from mercurios.warehouse.duckdb.engine import DuckDBEngine
from mercurios.warehouse.marts import MANIFEST
from mercurios.warehouse.setup import set_up

Node = Mapping[str, Any]
Columns = dict[str, dict[str, str]]

MODELS = Path(__file__).parents[2] / "include" / "dbt" / "models"
LAYERS = ("staging", "conformed", "intermediate", "marts")
COLUMNS = """
    select
        table_schema || '.' || table_name as place,
        column_name,
        lower(data_type) as data_type
    from information_schema.columns
    order by place, ordinal_position
"""
# Names that mean another thing in one mart than in the others, with the reason.
OTHER_MEANINGS = {
    "cost": {"replenishment_action": "what an action costs, in a list whose columns suit every action"},
    "units": {
        "inventory_issue": "a list of different things: those that the issue is about",
        "replenishment_action": "a list of different things: those that the action moves",
        "replenishment_transfer": "those that are sent; a transfer is an action",
    },
}
# Names that mean the same, with the reason why there are two.
SAME_MEANINGS = {
    (
        "units",
        "units_sold",
    ): "units of sales alone; units_sold beside units that lie in stock, are on order or came"
}
SENTENCE = re.compile(r"{% docs (\w+) %}\n(.+?)\n{% enddocs %}", re.DOTALL)
MEANING = re.compile(r"[.;] |\.$")


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    """The manifest of the project as it is."""
    parsed: dict[str, Any] = json.loads(MANIFEST.read_text(encoding="utf-8"))
    return parsed


@pytest.fixture(scope="module")
def created(tmp_path_factory: pytest.TempPathFactory) -> Columns:
    """The columns of every table that the set-up of a warehouse creates, with their types."""
    with DuckDBEngine(tmp_path_factory.mktemp("columns") / "empty.duckdb", threads=1) as engine:
        set_up(engine)
        return by_table(tuple(row.values()) for row in engine.fetch_rows(COLUMNS))


def by_table(rows: Iterable[tuple[Any, ...]]) -> Columns:
    """Return the types of columns by table and name."""
    found: Columns = defaultdict(dict)
    for place, column, kind in rows:
        found[place][column] = kind
    return dict(found)


def sources_of(manifest: Mapping[str, Any]) -> dict[str, Node]:
    """Return the sources by schema and table."""
    return {f"{node['schema']}.{node['name']}": node for node in manifest["sources"].values()}


def stored_models(manifest: Mapping[str, Any]) -> dict[str, Node]:
    """Return the models that are views or tables of the warehouse, by schema and name."""
    return {
        f"{node['schema']}.{node['name']}": node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["config"]["materialized"] != "ephemeral"
    }


def differences(declared: Mapping[str, Node], there: Columns) -> list[str]:
    """Return the columns that are declared and not there, and those that are there and not declared."""
    return [
        f"{name} {'does not declare' if column in there[name] else 'has no'} {column}"
        for name in sorted(declared.keys() & there.keys())
        for column in sorted(set(declared[name]["columns"]) ^ set(there[name]))
    ]


def undescribed(nodes: Iterable[Node]) -> Iterator[str]:
    """Yield the nodes and columns without a description."""
    for node in nodes:
        if not node["description"].strip():
            yield node["name"]
        for name, column in node["columns"].items():
            if not column["description"].strip():
                yield f"{node['name']}.{name}"


def test_every_table_that_is_created_is_a_source_with_its_columns(
    manifest: dict[str, Any], created: Columns
) -> None:
    sources = sources_of(manifest)

    assert sorted(sources) == sorted(created)
    assert {f"raw.{resource.table}" for resource in every_resource().values()} < set(sources)
    assert differences(sources, created) == []


def test_the_forecasts_tables_have_the_types_their_source_declares(
    manifest: dict[str, Any], created: Columns
) -> None:
    """No contract of dbt checks what dbt does not make."""
    forecast = {name: node for name, node in sources_of(manifest).items() if node["schema"] == "analytics"}
    others = [
        f"{name}.{column['name']} is {created[name][column['name']]}, declared {column['data_type']}"
        for name, node in forecast.items()
        for column in node["columns"].values()
        if column["data_type"] != created[name][column["name"]]
    ]

    assert len(forecast) == 3
    assert others == []


@pytest.mark.dbt
def test_every_model_declares_the_columns_it_makes(manifest: dict[str, Any], built: Any) -> None:
    models = stored_models(manifest)
    there = by_table(built.rows(COLUMNS))

    assert {node["fqn"][1] for node in models.values()} == set(LAYERS)
    assert sorted(models.keys() - there.keys()) == []
    assert differences(models, there) == []


@pytest.mark.parametrize(
    "where", ["source.mercurios.forecast.forecast_weekly", "model.mercurios.int_stock_ledger"]
)
def test_a_column_more_or_less_is_found(manifest: dict[str, Any], where: str) -> None:
    kind = "sources" if where.startswith("source") else "nodes"
    node = copy.deepcopy(manifest[kind][where])
    there = {node["name"]: dict.fromkeys(node["columns"], "")}

    node["columns"]["another"] = node["columns"].pop("article_number")

    assert differences({node["name"]: node}, there) == [
        f"{node['name']} has no another",
        f"{node['name']} does not declare article_number",
    ]


def test_no_former_column_of_a_model_is_made_again(manifest: dict[str, Any]) -> None:
    """Columns that are named as former are dropped where they are empty."""
    former = {
        name: set(node["config"]["meta"].get("former_columns", ()))
        for name, node in stored_models(manifest).items()
    }

    assert sum(map(len, former.values())) > 20
    again = {
        name: columns.intersection(stored_models(manifest)[name]["columns"])
        for name, columns in former.items()
    }
    assert {name: columns for name, columns in again.items() if columns} == {}


def test_every_table_and_column_is_described(manifest: dict[str, Any]) -> None:
    assert list(undescribed([*manifest["sources"].values(), *stored_models(manifest).values()])) == []


def test_an_empty_description_is_found(manifest: dict[str, Any]) -> None:
    node = copy.deepcopy(manifest["nodes"]["model.mercurios.stg_prohandel__sales"])
    node["columns"]["units"]["description"] = " "

    assert list(undescribed([node])) == ["stg_prohandel__sales.units"]


def meanings(manifest: Mapping[str, Any]) -> dict[str, dict[str, list[str]]]:
    """Return what each published column is said to mean, up to the first stop or semicolon, and in which marts."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    marts = [node for node in manifest["nodes"].values() if "marts" in node.get("tags", ())]
    marts += [node for node in manifest["sources"].values() if node["schema"] == "analytics"]
    for node in marts:
        for name, column in node["columns"].items():
            if node["name"] not in OTHER_MEANINGS.get(name, ()):
                found[name][MEANING.split(" ".join(column["description"].split()))[0]].append(node["name"])
    return found


def test_a_column_of_several_marts_means_one_thing(manifest: dict[str, Any]) -> None:
    several = {name: dict(found) for name, found in meanings(manifest).items() if len(found) > 1}

    assert several == {}, "begin with one sentence, rename one of them, or list it in OTHER_MEANINGS"


def test_a_second_meaning_of_a_column_is_found(manifest: dict[str, Any]) -> None:
    column = manifest["nodes"]["model.mercurios.markdown_candidate"]["columns"]["free_stock"]
    wrong = copy.deepcopy(manifest)
    wrong["nodes"]["model.mercurios.markdown_candidate"]["columns"]["free_stock"] = {
        **column,
        "description": "Stock on the books.",
    }

    assert {name for name, found in meanings(wrong).items() if len(found) > 1} == {"free_stock"}


def names(manifest: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return the columns that are said to mean the same, by what that is."""
    found: dict[str, set[str]] = defaultdict(set)
    for name, meant in meanings(manifest).items():
        for meaning in meant:
            found[meaning].add(name)
    return {meaning: tuple(sorted(columns)) for meaning, columns in found.items() if len(columns) > 1}


def test_a_meaning_has_one_name_in_all_marts(manifest: dict[str, Any]) -> None:
    assert set(names(manifest).values()) == set(SAME_MEANINGS), "rename one, or list them in SAME_MEANINGS"


def test_a_second_name_of_a_meaning_is_found(manifest: dict[str, Any]) -> None:
    wrong = copy.deepcopy(manifest)
    columns = wrong["nodes"]["model.mercurios.stock_age"]["columns"]
    columns["stock"] = {**columns["on_hand"], "name": "stock"}
    del wrong["nodes"]["model.mercurios.article_life"]["columns"]["stock"]

    assert set(names(wrong).values()) == {*SAME_MEANINGS, ("on_hand", "stock")}


def test_no_column_is_said_to_have_another_meaning_that_has_not(manifest: dict[str, Any]) -> None:
    columns = {node["name"]: node["columns"] for node in manifest["nodes"].values() if "columns" in node}

    strange = [
        f"{mart}.{name}"
        for name, marts in OTHER_MEANINGS.items()
        for mart in marts
        if name not in columns[mart]
        or MEANING.split(columns[mart][name]["description"])[0] in meanings(manifest)[name]
    ]

    assert strange == []


def test_a_sentence_of_a_column_is_written_once_and_used() -> None:
    sentences = dict(SENTENCE.findall((MODELS / "columns.md").read_text(encoding="utf-8")))
    layers = {
        layer: "".join(path.read_text(encoding="utf-8") for path in (MODELS / layer).rglob("*.yml"))
        for layer in LAYERS
    }
    texts = "".join(text for layer, text in layers.items() if layer != "marts")
    repeated = [text for text, count in Counter(sentences.values()).items() if count > 1]

    assert len(sentences) > 200
    assert repeated == []
    assert sorted(sentences.keys() - set(re.findall(r"doc\('(\w+)'\)", texts))) == []
    assert [text for text in sentences.values() if f": {text}" in texts or f'"{text}"' in texts] == []
