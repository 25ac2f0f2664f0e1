"""`python -m mercurios new`: write the files that a new tenant or a new resource begins with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from mercurios.sources.contract import Column, Contract

app = typer.Typer(no_args_is_help=True, help="Write the files that a new tenant or resource begins with.")

_INCLUDE = Path(__file__).resolve().parents[2]
_SOURCES = _INCLUDE / "mercurios" / "sources"
_STAGING = _INCLUDE / "dbt" / "models" / "staging"
# What a source's package holds for this command, where it can: the text of a declaration, and of a tenant's source.
_DECLARATION, _SETTINGS = "templates/resource.py", "templates/source.yaml"
_END_OF_RESOURCES = "\n)\n\nRESOURCES: "
_COLUMNS = _INCLUDE / "dbt" / "models" / "columns.md"
_LINE = 96


@app.command()
def tenant(
    tenant_id: Annotated[
        str, typer.Argument(metavar="ID", help="Lower case: names file, DAGs and tenant_id.")
    ],
    name: Annotated[str, typer.Option(help="What people read (default: the id).")] = "",
    warehouse: Annotated[str, typer.Option(help="Warehouse engine, such as duckdb.")] = "duckdb",
    country: Annotated[str, typer.Option(help="ISO 3166 code, for public holidays.")] = "DE",
    region: Annotated[str, typer.Option(help="Region of the public holidays, such as BY.")] = "",
    time_zone: Annotated[str, typer.Option(help="Zone of the shops.")] = "Europe/Berlin",
    currency: Annotated[str, typer.Option(help="ISO 4217 code of the amounts.")] = "EUR",
    owner: Annotated[str, typer.Option(help="Who is asked when something breaks.")] = "data-platform",
    slack: Annotated[str, typer.Option(help="Connection of a Slack webhook.")] = "",
    files: Annotated[
        str, typer.Option(metavar="FOLDER", help="Read exports in this folder (file:// or s3://).")
    ] = "",
) -> None:
    """Write the file of a new tenant, check it, and list the connections to create."""
    from mercurios.tenants.files import load_tenants, tenants_dir

    _check_name("key 'id'", tenant_id, r"[a-z][a-z0-9_]*")
    path = tenants_dir() / f"{tenant_id}.yaml"
    values = {
        "id": tenant_id,
        "name": name or tenant_id.replace("_", " ").title(),
        "warehouse": warehouse,
        "country": country,
        "region": region,
        "time_zone": time_zone,
        "currency": currency,
        "owner": owner,
        "slack": slack,
        "files": files,
        "kind": "files" if files else _kind_with(_SETTINGS),
    }
    _create(path, _render("tenant.yaml", values))
    found = load_tenants(only=tenant_id)
    if found.errors:
        path.unlink()
        _fail(f"nothing was written: {found.errors[0]}")
    if files:
        typer.echo("Enter your files and their columns: docs/how-to/try-with-files.md lists the fields.")
    typer.echo(f"{path} is written. Next, create these connections in Airflow (Admin, Connections):")
    written = found.get(tenant_id)
    if not files or files.startswith("s3://"):
        typer.echo(f"  {written.source.model_dump()['connection']} ({written.source.kind})")
    unused = set() if (written.landing or written.backend.landing).startswith("s3://") else {"aws"}
    for kind, connection in written.connections.model_dump(exclude_none=True, exclude=unused).items():
        typer.echo(f"  {connection} ({kind})")
    typer.echo(f"Then unpause the DAGs pipeline__{tenant_id} and forecast__{tenant_id}.")


@app.command()
def resource(
    name: Annotated[str, typer.Argument(help="The resource, as the source spells it.")],
    columns: Annotated[
        str,
        typer.Option(
            help="The fields to keep with their types, as in the source's resources.py: 'number:int name "
            "validFrom:date'. Types: int, dec, dbl, code, bool, date, ts, hash; text needs none."
        ),
    ],
    description: Annotated[str, typer.Option(help="What a row is, in a sentence.")],
    group: Annotated[str, typer.Option(help="Extract task that reads it.")] = "masters",
    table: Annotated[str, typer.Option(help="Table in RAW (default: the resource's name).")] = "",
    plural: Annotated[
        str, typer.Option(help="Plural of the table, for the model (default: table + s).")
    ] = "",
    source: Annotated[
        str, typer.Option(metavar="KIND", help="Source that delivers it (default: the first that can).")
    ] = "",
    *,
    personal: Annotated[
        bool, typer.Option("--personal", help="Unknown fields may be personal data.")
    ] = False,
) -> None:
    """Declare a new resource of a source and write its staging model, the YAML beside it and its dbt source."""
    from mercurios.sources.contract import columns_of
    from mercurios.sources.registry import CONTRACTS, every_resource

    kind, table = _kind_with(_DECLARATION, source), table or name
    _check_name("the resource", name, r"[A-Za-z][A-Za-z0-9]*")
    for option, text in (("--table", table), ("--plural", plural or table), ("--group", group)):
        _check_name(option, text, r"[A-Za-z][A-Za-z0-9_]*")
    fields = columns if "id" in {word.partition(":")[0] for word in columns.split()} else f"id {columns}"
    try:
        kept = columns_of(fields)
    except ValueError as error:
        _fail(f"--columns: {error}")
    if name in every_resource() or table in {each.table for each in every_resource().values()}:
        _fail(f"the resource {name} or the table {table} is declared already")
    contract, names = CONTRACTS[kind], {column.field for column in kept}
    values: dict[str, Any] = {
        "kind": kind,
        "resource": name,
        "table": table,
        "words": table.replace("_", " "),
        "model": f"stg_{kind}__{plural or f'{table}s'}",
        "description": description.rstrip(".") + ".",
        "lines": _wrapped(fields),
        "group": group,
        "personal": personal,
        "cursor": contract.cursor in names,
        "tombstone": contract.tombstone in names,
        "sections": _sections(table, kept, contract),
        **_described(table, kept, contract),
    }
    for written in _declare(values):
        typer.echo(written)
    typer.echo("Next: docs/how-to/add-a-resource.md")


def _declare(values: dict[str, Any]) -> tuple[Path, ...]:
    """Write what a new resource needs, and return the files that were written or changed."""
    kind = str(values["kind"])
    model, resources = _STAGING / kind / str(values["model"]), _SOURCES / kind / "resources.py"
    sql, yml, sources = model.with_suffix(".sql"), model.with_suffix(".yml"), model.with_name("_sources.yml")
    _create(sql, _render("staging.sql", values))
    _create(yml, _render("staging.yml", values))
    declaration = _render(f"{kind}/{_DECLARATION}", values).rstrip("\n")
    _insert(resources, _END_OF_RESOURCES, f"\n{declaration}")
    sources.write_text(sources.read_text(encoding="utf-8") + _render("source.yml", values), encoding="utf-8")
    return sql, yml, resources, sources


def _kind_with(template: str, wanted: str = "") -> str:
    """Return the kind of source that is wanted, else the first, of those that have a template for this command."""
    from mercurios.sources.registry import CONTRACTS

    kinds = [kind for kind in CONTRACTS if (_SOURCES / kind / f"{template}.jinja").exists()]
    if wanted and wanted not in kinds:
        _fail(f"--source: expected {' or '.join(kinds)} (got {wanted!r}); of others, edit the resources.py")
    return wanted or kinds[0]


def _sections(table: str, columns: tuple[Column, ...], contract: Contract) -> list[tuple[str, list[str]]]:
    """Return the columns of the staging model under their headings."""
    found: dict[str, list[str]] = {
        title: [] for title in ("ids", "text", "numerics", "booleans", "dates", "timestamps")
    }
    found["ids"] += ["tenant_id", f"id as {table}_id"]
    for column in columns:
        if column.field not in ("id", contract.tombstone):
            title, expression = _staged(table, column, contract)
            found[title].append(expression)
    return [(title, expressions) for title, expressions in found.items() if expressions]


def _staged(table: str, column: Column, contract: Contract) -> tuple[str, str]:
    """Return the heading of a column and its expression: renamed, with placeholders as null."""
    from mercurios.sources.contract import ColumnType

    name = column.name
    alias = f"{table}_{name}" if name in ("number", "name", "status", "type", "value", "date") else name
    cleaned = {
        ColumnType.TEXT: ("text", "text_or_null"),
        ColumnType.CODE: ("text", "text_or_null"),
        ColumnType.KEY_HASH: ("ids", "text_or_null"),
        ColumnType.DATE: ("dates", "date_or_null"),
    }
    if column.type in cleaned:
        title, macro = cleaned[column.type]
        return title, f"{{{{ {macro}('{name}') }}}} as {alias}"
    if column.type is ColumnType.INTEGER and name.endswith("_number"):
        return "ids", f"{{{{ reference_or_null('{name}') }}}} as {alias}"
    if column.field == contract.cursor:
        return "timestamps", f"{name} as last_changed_at"
    title = {ColumnType.BOOLEAN: "booleans", ColumnType.TIMESTAMP: "timestamps"}.get(column.type, "numerics")
    if name == "number":
        title = "ids"
    return title, name if alias == name else f"{name} as {alias}"


def _described(
    table: str, columns: tuple[Column, ...], contract: Contract
) -> dict[str, list[tuple[str, str]]]:
    """Return the columns of the RAW table and of the staging model, each with its description."""
    import re

    from mercurios.sources.contract import ColumnType
    from mercurios.warehouse.schema import METADATA_COLUMNS

    known = set(re.findall(r"{% docs (\w+) %}", _COLUMNS.read_text(encoding="utf-8")))
    hashed = {column.name for column in columns if column.type is ColumnType.KEY_HASH}
    aliases = {column.name: _staged(table, column, contract)[1].rpartition(" as ")[2] for column in columns}
    staged = [
        each.rpartition(" as ")[2] for _, found in _sections(table, columns, contract) for each in found
    ]
    raw = {"tenant_id": "tenant_id"} | aliases | {"id": "row_id"} | {name: name for name in METADATA_COLUMNS}
    return {
        "raw": [
            (name, _meaning(alias, known, hashed))
            for name, alias in {**raw, "_loaded_at": "loaded_at", "_deleted_at": "_deleted_at"}.items()
        ],
        "staged": [
            (name, _meaning("row_id" if name == f"{table}_id" else name, known, hashed))
            for name in (*staged, "loaded_at")
        ],
    }


def _meaning(column: str, known: set[str], hashed: set[str]) -> str:
    """Return the reference to a column's sentence, or what there is to say of one that has none yet."""
    words = column.replace("_", " ")
    if column in known:
        return f"{{{{ doc('{column}') }}}}"
    return (
        f"Keyed hash of the {words}."
        if column in hashed
        else f"{words.capitalize()}, as the source gives it."
    )


def _wrapped(fields: str) -> list[str]:
    import textwrap

    return textwrap.wrap(fields, _LINE)


def _render(template: str, values: dict[str, Any]) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader([Path(__file__).with_name("templates"), _SOURCES]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        # What is written is YAML, SQL and Python, not HTML.
        autoescape=False,  # noqa: S701
    )
    return environment.get_template(f"{template}.jinja").render(values)


def _check_name(what: str, name: str, pattern: str) -> None:
    """Fail for a name that is part of a path or of code and no identifier, before anything is written."""
    import re

    if not re.fullmatch(pattern, name, re.ASCII):
        _fail(
            f"nothing was written: {what}: {name!r} is no name such as {'nord' if 'id' in what else 'colour'}"
        )


def _create(path: Path, text: str) -> None:
    if path.exists():
        _fail(f"{path} exists already")
    path.write_text(text, encoding="utf-8")


def _insert(path: Path, anchor: str, text: str) -> None:
    """Write a text into a file before an anchor that stands there once."""
    before = path.read_text(encoding="utf-8")
    if before.count(anchor) != 1:
        _fail(f"{path}: expected {anchor.strip()!r} once; add this there yourself:\n{text}")
    path.write_text(before.replace(anchor, f"{text}{anchor}"), encoding="utf-8")


def _fail(message: str) -> None:
    typer.secho(message, err=True, fg=typer.colors.RED)
    raise typer.Exit(1)
