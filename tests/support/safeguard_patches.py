"""Ways to take a safeguard out, which `safeguards` names."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import pytest
from urllib3.util.retry import Retry

from mercurios.landing.manifest import Counts
from mercurios.sources.prohandel.http import transport
from mercurios.sources.prohandel.paging.page_requests import PageRequests
from mercurios.sources.prohandel.reading import Reading
from mercurios.warehouse import load
from mercurios.warehouse.duckdb import publish

Patch = Callable[[pytest.MonkeyPatch], None]


def instead(owner: Any, name: str, value: Any) -> Patch:
    """Put something in the place of an attribute."""
    return lambda patch: patch.setattr(owner, name, value)


def with_sql(statement: str, change: Callable[[str], str], owner: Any = load) -> Patch:
    """Change one of the statements of the loader, or of another module that renders it."""
    render = owner.render

    def changed(dialect: str, name: str, **context: Any) -> str:
        sql = render(dialect, name, **context)
        if name != statement:
            return sql
        assert change(sql) != sql, f"{statement}.sql no longer holds what is to be changed"
        return change(sql)

    return instead(owner, "render", changed)


def up_to(piece: str) -> Callable[[str], str]:
    """Cut a text off where a piece of it begins."""
    return lambda text: text.partition(piece)[0]


def stopping_at_short_pages(patch: pytest.MonkeyPatch) -> None:
    request = PageRequests._once

    def short_is_last(self: Any, *arguments: Any) -> Any:
        page = request(self, *arguments)
        return replace(page, more=page.more and len(page.rows) >= self._page_size)

    patch.setattr(PageRequests, "_once", short_is_last)


def manifest_first(patch: pytest.MonkeyPatch) -> None:
    read, begin = Reading.read, Reading.__init__

    def remember(self: Any, request: Any, store: Any, prefix: str, *more: Any) -> None:
        begin(self, request, store, prefix, *more)
        self.early = lambda manifest: store.write_manifest(prefix, manifest)

    def promise(self: Any, source: Any) -> None:
        nothing = {
            each.resource.name: Counts(extracted=0, unchanged=0, quarantined=0) for each in self.collectors
        }
        self.early(self.manifest(1).model_copy(update={"counts": nothing, "parts": []}))
        read(self, source)

    patch.setattr(Reading, "__init__", remember)
    patch.setattr(Reading, "read", promise)


def passing_the_clock(patch: pytest.MonkeyPatch) -> None:
    bounded = Reading._cursor_to
    patch.setattr(Reading, "_cursor_to", lambda self, _: bounded(self, datetime.max.replace(tzinfo=UTC)))


def built_together(patch: pytest.MonkeyPatch) -> None:
    """Build the DAGs of a file as a loop does."""
    from mercurios_airflow import tenancy

    def build_dags(kind: str, build: Callable[[Any], Any]) -> None:
        for tenant in tenancy.tenants_to_build(kind):
            dag = build(tenant)
            dag.auto_register = True
            with dag:
                pass

    patch.setattr(tenancy, "build_dags", build_dags)


def following_redirects(patch: pytest.MonkeyPatch) -> None:
    """Send requests as a client does that knows no better."""

    def requested(pool: Any, target: str, call: Any) -> Any:
        options = {"retries": Retry(3), "preload_content": False, "decode_content": False}
        return pool.urlopen(call.method, target, call.body, call.headers, assert_same_host=False, **options)

    patch.setattr(transport, "_requested", requested)


def unguarded_dbt(patch: pytest.MonkeyPatch) -> None:
    """Leave dbt's connections as they are."""
    import dbt_mercurios

    patch.setattr(dbt_mercurios, "guard", lambda _: None)


def torn_publication(patch: pytest.MonkeyPatch) -> None:
    """Overwrite the readers' file where it stands, some times for so long that a reader on a busy machine comes by."""
    # No reader is there yet when the first is published.
    pauses = chain([0.0], repeat(1.5, 3), repeat(0.0))

    def overwrite(source: Path, target: Path) -> None:
        content = Path(source).read_bytes()
        # The head of a file whose tables are not there yet.
        target.write_bytes(content[:16_384])
        time.sleep(next(pauses) if target.suffix == ".duckdb" else 0.0)
        target.write_bytes(content)

    patch.setattr(publish.os, "replace", overwrite)
