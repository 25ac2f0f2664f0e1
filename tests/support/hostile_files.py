"""Tenant files that mean harm, or were saved by an accident: seeded, of every kind that once broke a parse."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mercurios.inputs.yaml_file import MOST_BYTES

Content = bytes | str | Callable[[Path], None]


def good(tenant_id: str, **changes: Any) -> dict[str, Any]:
    """Return the settings of a tenant, which need no connection to be parsed."""
    return {
        "id": tenant_id,
        "name": tenant_id.title(),
        "time_zone": "Europe/Berlin",
        "country": "DE",
        "currency": "EUR",
        "owner": "data",
        "source": {"kind": "prohandel", "connection": f"prohandel_{tenant_id}"},
        "connections": {"warehouse": f"duckdb_{tenant_id}"},
        **changes,
    }


def write_hostile(folder: Path, count: int, seed: int) -> list[str]:
    """Write so many files into a folder, and return their names; the same ones for the same seed."""
    rng = random.Random(seed)
    names = []
    for number in range(count):
        kind = _KINDS[number % len(_KINDS)]
        stem = f"h{number:03d}_{kind.__name__.strip('_')}"
        path = folder / f"{stem}.yaml"
        made = kind(rng, stem)
        if callable(made):
            made(path)
        else:
            path.write_bytes(made if isinstance(made, bytes) else made.encode("utf-8", "surrogatepass"))
        names.append(path.name)
    return names


def _with(stem: str, **changes: Any) -> str:
    return json.dumps(good(stem, **changes))


def _typed(rng: random.Random, stem: str) -> Content:
    """Return a value that YAML 1.1 makes something else of, where it cannot be."""
    value = rng.choice(
        ["2025-99-99", "!!int ''", "!!binary x", "!!timestamp 'x'", "0x", "12:99", "!!python/name:os.system"]
    )
    rates = f"{{CHF: [{{from: {value}, rate: 1}}]}}"
    return f"{_with(stem)[:-1]}, prices: {{include_tax: false, exchange_rates: {rates}}}}}"


def _digits(rng: random.Random, stem: str) -> Content:
    return f"{_with(stem)[:-1]}, forecast: {{horizon_weeks: {'9' * rng.randrange(20, 60_000)}}}}}"


def _nested(rng: random.Random, stem: str) -> Content:
    depth, (left, right) = rng.randrange(900, 30_000), rng.choice([("[", "]"), ("{a: ", "}")])
    return f"id: {stem}\nname: {left * (depth // len(left))}{right * (depth // len(left))}\n"


def _aliases(rng: random.Random, stem: str) -> Content:
    levels = rng.randrange(8, 40)
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{each}: &a{each} [{', '.join([f'*a{each - 1}'] * 9)}]" for each in range(1, levels)]
    return f"id: {stem}\n" + "\n".join(lines) + "\n"


def _endless(rng: random.Random, stem: str) -> Content:
    target = rng.choice(["/dev/zero", "/dev/urandom", "/dev/full", "/proc/kmsg", "/dev/tty"])
    return lambda path: path.symlink_to(target)


def _unanswering(rng: random.Random, stem: str) -> Content:
    def make(path: Path) -> None:
        if rng.random() < 0.5:
            os.mkfifo(path)
        elif rng.random() < 0.5:
            path.mkdir()
        else:
            path.symlink_to(path.name)

    return make


def _large(rng: random.Random, stem: str) -> Content:
    size = rng.choice([MOST_BYTES + 1, 1_000_000, 10_000_000])

    def make(path: Path) -> None:
        with path.open("wb") as file:
            file.write(_with(stem).encode() + b"\n")
            if rng.random() < 0.5:
                file.truncate(size)
            else:
                file.write((b"- [a, {b: c}]\n" * (size // 14 + 1))[:size])

    return make


def _long(rng: random.Random, stem: str) -> Content:
    """Return a text that is longer than what Airflow's columns hold."""
    text = rng.choice("xä€😀") * rng.randrange(2_001, 12_000)
    section, key = rng.choice(
        [(None, "name"), (None, "owner"), ("connections", "slack"), ("schedules", "pipeline")]
    )
    settings = good(stem)
    place = settings if section is None else settings.setdefault(section, {})
    place[key] = text if key != "pipeline" else f"{'0,' * len(text)}0 * * * *"
    return json.dumps(settings, ensure_ascii=False)


def _control(rng: random.Random, stem: str) -> Content:
    """Return a text that a database or a terminal refuses."""
    letter = rng.choice(["\0", "\x1b[2J", "\ud800", "\udfff", "\x7f", "\u202e", "\n", "\r", "\x85", "\u2028"])
    return _with(stem, **{rng.choice(["name", "owner", "region"]): f"Shop {letter} x"})


def _bytes(rng: random.Random, stem: str) -> Content:
    text = _with(stem)
    return rng.choice(
        [
            text.encode("utf-16"),
            text.encode("utf-32"),
            b"\xff" + text.encode(),
            rng.randbytes(5000),
            b"\0" * 5000,
        ]
    )


def _unfinished(rng: random.Random, stem: str) -> Content:
    text = json.dumps(good(stem), indent=1)
    return text[: rng.randrange(1, len(text) - 2)]


def _signs(rng: random.Random, stem: str) -> Content:
    """Return what makes a parser look far ahead."""
    sign = rng.choice(
        ["? ", "- ", "{a", "[a,", "'", '"', "!", "&a ", "*a ", "%", ": ", "a:", "|\n", "\t", "#\n- "]
    )
    return sign * (MOST_BYTES // len(sign))


def _keys(rng: random.Random, stem: str) -> Content:
    """Return so many unknown keys, or the same one twice, or one that is a mapping."""
    many = {f"unknown_{number}": number for number in range(rng.randrange(500, 3000))}
    return rng.choice(
        [
            _with(stem, **many),
            f"{_with(stem)[:-1]}, id: {stem}}}",
            "{? {a: b} : c}",
            f"{{{'k' * 50_000}: 1}}",
        ]
    )


def _never(rng: random.Random, stem: str) -> Content:
    schedule = rng.choice(["0 0 30 2 *", "0 0 31 2,4,6,9,11 *", "0 0 31 11 *"])
    return _with(stem, schedules={"pipeline": schedule})


def _foreign(rng: random.Random, stem: str) -> Content:
    """Return the file of another tenant, or of one that no file may have."""
    return _with(rng.choice(["alpha", "raw", "../../etc", "A", "x" * 300, "", "h\0"]))


def _shapes(rng: random.Random, stem: str) -> Content:
    return rng.choice(
        ["", "null", "[]", "4711", f"- {_with(stem)}", f"{_with(stem)}\n---\n{_with('alpha')}", "# nothing"]
    )


_KINDS: tuple[Callable[[random.Random, str], Content], ...] = (
    _typed,
    _digits,
    _nested,
    _aliases,
    _endless,
    _unanswering,
    _large,
    _long,
    _control,
    _bytes,
    _unfinished,
    _signs,
    _keys,
    _never,
    _foreign,
    _shapes,
)
