"""A world ready to be served: generated once, rendered to one file per resource, mapped into memory when it starts.

The cache key holds everything the bytes depend on, so a second start of the day takes a moment. A world is written
to a scratch directory and renamed, so two processes that start together cannot see half of one.
"""

from __future__ import annotations

import json
import mmap
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs

from prohandel_simulator import GENERATOR_VERSION, schema
from prohandel_simulator.rendering import Columns, Rendered, array_bytes, chunks, in_list_order
from prohandel_simulator.store import Collection
from prohandel_simulator.worlds import calendar, fashion, giftware
from prohandel_simulator.worlds.model import State, Table, WorldData

DEFAULT_SEED = 20_260
_KEPT = 2
GENERATORS: dict[str, Callable[[str, int, int, str], WorldData]] = {
    "giftware": giftware.generate,
    "mini": fashion.generate,
    "modehaus": fashion.generate,
}


class WorldError(Exception):
    """A world cannot be built; the message names it and says what exists."""


@dataclass
class World:
    """One tenant's rows and the state its clock continues from."""

    name: str
    seed: int
    zone: str
    starts_on: int
    collections: dict[str, Collection]
    state: State
    instants_in: str = "UTC"


def default_cache_dir() -> Path:
    """Where worlds are kept: below MERCURIOS_HOME when it is set, else the platform's cache directory."""
    home = os.environ.get("MERCURIOS_HOME")
    return Path(home) / "simulator" if home else Path(platformdirs.user_cache_dir("mercurios")) / "simulator"


def _generate(name: str, seed: int, today: date, instants_in: str) -> WorldData:
    if name not in GENERATORS:
        raise WorldError(f"There is no world {name!r}; choose from {', '.join(sorted(GENERATORS))}.")
    return GENERATORS[name](name, seed, calendar.day_number(today), instants_in)


def _render(resource: str, table: Table, seed: int, zone: str, write: Callable[[Any], Any]) -> dict[str, Any]:
    columns, keys = in_list_order(resource, table.columns, table.count)
    columns = Table(columns, table.count).with_ids(resource, seed).columns
    sizes = [np.zeros(1, dtype=np.int64)]
    for rows in chunks(resource, columns, table.count, zone):
        data, offsets = array_bytes(rows)
        write(data)
        sizes.append(offsets[1:] + sizes[-1][-1])
    return {"offsets": np.concatenate(sizes), "keys": keys, **_flags(columns, table.count)}


def _flags(columns: Columns, count: int) -> dict[str, np.ndarray]:
    ticks = np.asarray(columns.get("lastChange", 0), dtype=np.int64)
    deleted = np.asarray(columns.get("isDeleted", False), dtype=np.int64)
    return {"ticks": np.broadcast_to(ticks, count), "deleted": np.broadcast_to(deleted, count)}


def _in_memory(data: WorldData, seed: int, instants_in: str) -> dict[str, Collection]:
    collections = {}
    for resource in schema.RESOURCES:
        table = data.tables.get(resource, Table({}, 0))
        blob = bytearray()
        arrays = _render(resource, table, seed, instants_in, blob.extend)
        collections[resource] = Collection(resource, Rendered(bytes(blob), **arrays))
    return collections


def _write(data: WorldData, seed: int, instants_in: str, folder: Path) -> None:
    for resource in schema.RESOURCES:
        table = data.tables.get(resource, Table({}, 0))
        with (folder / f"{resource}.rows").open("wb") as file:
            arrays = _render(resource, table, seed, instants_in, file.write)
        np.savez(folder / f"{resource}.npz", allow_pickle=False, **arrays)
    np.savez(folder / "state.npz", allow_pickle=False, **data.state)
    facts = {"zone": data.zone, "starts_on": data.starts_on}
    (folder / "world.json").write_text(json.dumps(facts), encoding="utf-8")


def _arrays(path: Path) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def _mapped(path: Path) -> Any:
    if path.stat().st_size == 0:
        return b""
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _read(name: str, seed: int, instants_in: str, folder: Path) -> World:
    facts = json.loads((folder / "world.json").read_text(encoding="utf-8"))
    collections = {}
    for resource in schema.RESOURCES:
        blob = _mapped(folder / f"{resource}.rows")
        collections[resource] = Collection(resource, Rendered(blob, **_arrays(folder / f"{resource}.npz")))
    state = _arrays(folder / "state.npz")
    return World(name, seed, facts["zone"], facts["starts_on"], collections, state, instants_in)


def _forget_old(cache_dir: Path, name: str, keep: Path) -> None:
    """Worlds are big and a new day makes a new one, so only the latest few stay."""
    found = sorted(cache_dir.glob(f"{name}-*"), key=lambda path: path.stat().st_mtime, reverse=True)
    for folder in [path for path in found if path != keep][_KEPT - 1 :]:
        shutil.rmtree(folder, ignore_errors=True)


def open_world(
    name: str,
    seed: int = DEFAULT_SEED,
    today: date | None = None,
    cache_dir: Path | None = None,
    instants_in: str = "UTC",
) -> World:
    """Open a world from the cache, generating it first when needed; without a cache it lives in memory.

    Args:
        name: `giftware`, `modehaus` or `mini`.
        seed: same seed and day, same bytes.
        today: the business day the clock starts on; data ends the evening before. Default: the real day.
        cache_dir: where worlds are kept.
        instants_in: zone in which `lastChange` and `created` are written.

    Raises:
        WorldError: there is no world of that name.
    """
    today = today or date.today()
    if cache_dir is None:
        data = _generate(name, seed, today, instants_in)
        collections = _in_memory(data, seed, instants_in)
        return World(name, seed, data.zone, data.starts_on, collections, data.state, instants_in)
    zone_word = instants_in.replace("/", "_")
    folder = cache_dir / f"{name}-v{GENERATOR_VERSION}-{seed}-{today.isoformat()}-{zone_word}"
    if not (folder / "world.json").exists():
        data = _generate(name, seed, today, instants_in)
        cache_dir.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=cache_dir))
        _write(data, seed, instants_in, scratch)
        try:
            scratch.rename(folder)
        except OSError:
            shutil.rmtree(scratch, ignore_errors=True)
        _forget_old(cache_dir, name, folder)
    return _read(name, seed, instants_in, folder)
