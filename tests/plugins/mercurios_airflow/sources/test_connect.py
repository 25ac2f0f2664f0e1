"""Every kind of source that a tenant file may name can be opened by a task."""

from __future__ import annotations

from importlib import import_module

import pytest

from mercurios.sources.registry import SETTINGS
from mercurios_airflow.sources.connect import CONNECTORS


def test_every_kind_of_source_has_a_connector() -> None:
    assert CONNECTORS.keys() == SETTINGS.keys()


@pytest.mark.parametrize("kind", CONNECTORS)
def test_a_connector_is_a_module_with_connect(kind: str) -> None:
    assert callable(import_module(CONNECTORS[kind]).connect)
