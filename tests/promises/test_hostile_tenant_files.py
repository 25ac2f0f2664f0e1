"""One tenant's file never delays, changes or hides another's: 200 hostile files beside good ones."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from hostile_files import good, write_hostile
from postgres_server import postgres_server

from mercurios.inputs import regular_file, yaml_file
from mercurios.inputs.yaml_file import MOST_BYTES
from mercurios.tenants import load_tenants

GOOD = ("alpha", "midway", "zeta")
HOSTILE = 200
# A label as long as it may be, in letters that take four bytes each.
LONGEST = "😀" * 100


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, seed: int) -> Path:
    """The folder of tenant files, good and hostile ones."""
    made = tmp_path_factory.mktemp("hostile")
    for tenant_id in GOOD:
        settings = good(tenant_id, name=LONGEST, owner=LONGEST, schedules={"pipeline": None})
        (made / f"{tenant_id}.yaml").write_text(json.dumps(settings, ensure_ascii=False), encoding="utf-8")
    write_hostile(made, HOSTILE, seed)
    return made


def test_each_of_200_hostile_files_is_an_error_of_its_own(folder: Path) -> None:
    found = load_tenants(folder)

    assert [tenant.id for tenant in found] == list(GOOD)
    assert len({error.path for error in found.errors}) == len(found.errors) == HOSTILE
    messages = [str(error) for error in found.errors]
    assert [message for message in messages if len(message) > 3_500 or not message.isprintable()] == []


def test_the_work_for_a_hostile_file_is_bounded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted and not timed: bytes that are read, and events that are taken from the parser."""
    read, parse = os.read, yaml.parse
    counts = {"bytes": 0, "events": 0}

    def reading(handle: int, size: int) -> bytes:
        found = read(handle, size)
        counts["bytes"] += len(found)
        return found

    def parsing(text: str, **settings: Any) -> Iterator[Any]:
        for event in parse(text, **settings):
            counts["events"] += 1
            yield event

    monkeypatch.setattr(regular_file.os, "read", reading)
    monkeypatch.setattr(yaml_file.yaml, "parse", parsing)

    for path in sorted(folder.iterdir()):
        counts.update(bytes=0, events=0)
        found = load_tenants(folder, only=path.stem)
        assert len(found.tenants) + len(found.errors) == 1
        assert counts["bytes"] <= MOST_BYTES + 1, path.name
        assert counts["events"] <= MOST_BYTES, path.name


@contextmanager
def sqlite(folder: Path) -> Iterator[str]:
    yield f"sqlite:///{folder}/metadata.db"


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    with postgres_server() as address:
        yield address


@pytest.fixture(scope="module")
def bag(root: Path, folder: Path) -> Any:
    """The DAGs of the folder, parsed as the DAG processor does."""
    from airflow.dag_processing.dagbag import DagBag

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MERCURIOS_TENANTS_DIR", str(folder))
        return DagBag(root / "dags", bundle_path=root / "dags", bundle_name="dags-folder")


def persisted(bag: Any, address: str) -> tuple[set[str], dict[str, str]]:
    """Write the DAGs as Airflow's processor does, and return which ones are there, and the import errors by file."""
    from airflow.dag_processing.dagbag import sync_bag_to_db
    from airflow.models import import_all_models
    from airflow.models.base import Base
    from airflow.models.dagbundle import DagBundleModel
    from airflow.models.errors import ParseImportError
    from airflow.models.serialized_dag import SerializedDagModel
    from sqlalchemy import create_engine, select
    from sqlalchemy.orm import Session

    import_all_models()
    engine = create_engine(address)
    try:
        Base.metadata.create_all(engine)
        with Session(engine) as session:
            session.add(DagBundleModel(name="dags-folder"))
            session.flush()
            sync_bag_to_db(bag, "dags-folder", None, session=session)
            session.commit()
        with Session(engine) as session:
            dags = set(session.scalars(select(SerializedDagModel.dag_id)))
            errors = session.execute(select(ParseImportError.filename, ParseImportError.stacktrace)).all()
        return dags, {row.filename: row.stacktrace for row in errors}
    finally:
        engine.dispose()


@pytest.mark.slow
@pytest.mark.parametrize("metadata", [sqlite, postgresql])
def test_the_good_tenants_dags_are_persisted_beside_hostile_files(
    bag: Any, tmp_path: Path, metadata: Callable[[Path], Any]
) -> None:
    with metadata(tmp_path) as address:
        dags, errors = persisted(bag, address)

    assert dags == {"warehouse_setup"} | {
        f"{kind}__{each}" for kind in ("pipeline", "forecast") for each in GOOD
    }
    assert list(errors) == ["tenant_files.py"]
    assert all(f"h{number:03d}_" in errors["tenant_files.py"] for number in range(HOSTILE))


def test_two_tenants_on_one_duckdb_file_are_an_import_error_of_one_of_them(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names both, and every other tenant's DAGs are there."""
    from airflow.dag_processing.dagbag import DagBag

    for tenant_id in GOOD:
        (tmp_path / f"{tenant_id}.yaml").write_text(json.dumps(good(tenant_id)), encoding="utf-8")
    copied = good("midway", connections=good("zeta")["connections"])
    (tmp_path / "midway.yaml").write_text(json.dumps(copied), encoding="utf-8")
    monkeypatch.setenv("MERCURIOS_TENANTS_DIR", str(tmp_path))

    bag = DagBag(root / "dags", bundle_path=root / "dags")

    assert list(bag.import_errors) == ["tenant_files.py"]
    assert "midway.yaml: " in bag.import_errors["tenant_files.py"]
    assert "is the warehouse of tenant zeta" in bag.import_errors["tenant_files.py"]
    assert set(bag.dags) == {
        "warehouse_setup",
        *(f"{kind}__{each}" for kind in ("pipeline", "forecast") for each in ("alpha", "zeta")),
    }
