"""Types of names and keys in settings: what a person types, without what a database or a page cannot hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    StringConstraints,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

_INTEGER = re.compile(r"-?[0-9]{1,18}", re.ASCII)
# What a variable holds shows when a run begins.
_PLACE = re.compile(r"(file:///|file://\$\{|s3://|\$\{)\S", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def _on_one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("expected one line of text without control characters")
    return text


def _digits(key: Any) -> Any:
    if isinstance(key, str) and not _INTEGER.fullmatch(key.strip()):
        raise ValueError("expected a number such as 4711")
    return key


def _iso(day: Any) -> Any:
    if isinstance(day, date) or (isinstance(day, str) and _DAY.fullmatch(day)):
        return day
    raise ValueError("expected a day such as 2026-01-31")


def _reachable(url: str) -> str:
    if not _PLACE.match(url):
        raise ValueError("expected an address that begins with file:///, s3:// or ${VARIABLE}")
    return url


def _once(section: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    found = validate(section)
    if isinstance(section, Mapping) and len(found) < len(section):
        first, second = _alike(section, validate)
        raise ValueError(f"keys {first!r} and {second!r} are the same; keep one")
    return found


def _alike(section: Mapping[Any, Any], validate: Callable[[Any], Mapping[Any, Any]]) -> tuple[Any, Any]:
    seen: dict[Any, Any] = {}
    for key, value in section.items():
        [meant] = validate({key: value})
        if meant in seen:
            return seen[meant], key
        seen[meant] = key
    raise AssertionError("the keys differ")


# Airflow keeps owners, tags and names in columns of 100 to 2000 letters; a row that does not fit fails those beside it.
Label = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), AfterValidator(_on_one_line)
]
"""A name that people read."""

Line = Annotated[str, StringConstraints(max_length=100), AfterValidator(_on_one_line)]
"""A name that is checked more closely where it is used."""

Written = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000), AfterValidator(_on_one_line)
]
"""An address, a pattern, a column of a file."""

Place = Annotated[Written, AfterValidator(_reachable)]
"""The address of a folder, on the machine or in a bucket; nothing else is read from or written to."""

Number = Annotated[int, BeforeValidator(_digits)]
"""A number that is a key: digits, and nothing that some program would take for one."""

Day = Annotated[date, BeforeValidator(_iso)]
"""A day as ISO 8601 writes it, and no instant."""

Once = WrapValidator(_once)
"""Of a mapping: no two of its keys mean the same."""
