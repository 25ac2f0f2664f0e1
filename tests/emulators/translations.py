"""Translates statements in this process, by every step of the emulator and without the idle ones, for comparison."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import sqlglot
from fakesnow.cursor import FakeSnowflakeCursor
from fakesnow.instance import FakeSnow
from snowflake_translation import Statement, name_of

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+\+00:00")


class Whole(Statement):
    """A statement on which every step runs."""

    def transform(self, step: Any, *arguments: Any, copy: bool, **options: Any) -> Statement:
        self.expression = self.expression.transform(step, *arguments, copy=copy, **options)
        return self


class Watched(Whole):
    """A statement on which every step runs; it keeps the steps that changed it."""

    def transform(self, step: Any, *arguments: Any, copy: bool, **options: Any) -> Statement:
        before = state_of(self.expression)
        super().transform(step, *arguments, copy=copy, **options)
        if state_of(self.expression) != before:
            self.ran.append(name_of(step))
        return self


@cache
def session() -> FakeSnowflakeCursor:
    """A session of an emulator without shims, which never runs what is translated."""
    return FakeSnow().connect("D", "S").cursor()


def translated(text: str, kind: type[Statement], dialect: str = "snowflake") -> Statement:
    """Translate a statement."""
    statement = kind(sqlglot.parse_one(text, read=dialect))
    FakeSnowflakeCursor._transform(session(), statement, None)
    return statement


def state_of(expression: Any) -> tuple[str, str]:
    """Return a translated statement and what steps noted beside it, but for the moment at which they did."""
    noted = {name: str(value) for name, value in expression.args.items()}
    return MOMENT.sub("", repr(expression)), MOMENT.sub("", repr(noted))


def same_without_idle_steps(text: str) -> bool:
    """Whether a statement is translated the same without the steps that cannot change it."""
    return state_of(translated(text, Statement).expression) == state_of(translated(text, Whole).expression)
