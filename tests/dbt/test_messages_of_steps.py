"""Messages of dbt's single steps are made where something reads them, and are then the same as dbt's own."""

from __future__ import annotations

import io
from typing import Any

import pytest
from dbt.adapters.events.types import SQLQuery
from dbt.events.types import MainReportVersion
from dbt.tracking import track_behavior_change_warn
from dbt_common.events.base_types import BaseEvent, EventLevel
from dbt_common.events.event_manager import EventManager
from dbt_common.events.logger import LineFormat, LoggerConfig
from dbt_common.events.types import Formatting

import dbt_mercurios

STEP = {"conn_name": "master", "sql": "select 1", "node_info": {"node_name": "a_model"}}
# When, where and by whom a message was made.
OF_THE_MOMENT = {"ts", "thread", "invocation_id"}


@pytest.fixture
def manager() -> EventManager:
    """What dbt sets up where its log takes no steps: it listens itself."""
    made = EventManager()
    made.add_callback(track_behavior_change_warn)
    return made


def _log(level: EventLevel) -> tuple[LoggerConfig, io.StringIO]:
    written = io.StringIO()
    name = f"log_of_{level.value}"
    return LoggerConfig(
        name=name, level=level, output_stream=written, line_format=LineFormat.PlainText
    ), written


def _said(fire: Any, event: BaseEvent) -> dict[str, Any]:
    """Return what a listener receives of an event, without what differs from one moment to the next."""
    heard: list[Any] = []
    manager = EventManager()
    manager.add_callback(heard.append)
    fire(manager, event)
    (message,) = heard
    info = {field.name: str(value) for field, value in message.info.ListFields()}
    return {"data": str(message.data), **{name: info[name] for name in info.keys() - OF_THE_MOMENT}}


def _dbts(kind: type[BaseEvent], **fields: Any) -> BaseEvent:
    """Return an event as dbt itself makes it."""
    event = kind.__new__(kind)
    dbt_mercurios.dbts_description(event, **fields)
    return event


def test_a_step_that_nothing_reads_is_not_described(manager):
    config, written = _log(EventLevel.INFO)
    manager.add_logger(config)
    event = SQLQuery(**STEP)

    manager.fire_event(e=event)

    assert "pb_msg" not in event.__dict__
    assert written.getvalue() == ""


def test_a_log_of_steps_has_them(manager):
    config, written = _log(EventLevel.DEBUG)
    manager.add_logger(config)

    manager.fire_event(SQLQuery(**STEP))

    assert "On master: select 1" in written.getvalue()


def test_a_step_that_was_raised_to_a_higher_level_is_written(manager):
    config, written = _log(EventLevel.INFO)
    manager.add_logger(config)

    manager.fire_event(SQLQuery(**STEP), level=EventLevel.INFO)

    assert "On master: select 1" in written.getvalue()


def test_what_is_no_step_is_written(manager):
    config, written = _log(EventLevel.INFO)
    manager.add_logger(config)

    manager.fire_event(MainReportVersion(version="=1", log_version=3))
    manager.fire_event(Formatting("one line"), level=EventLevel.INFO)
    manager.fire_event(Formatting("no line"), level=EventLevel.DEBUG)

    assert "Running with dbt=1" in written.getvalue()
    assert "one line" in written.getvalue()
    assert "no line" not in written.getvalue()


def test_a_listener_hears_of_a_step_what_dbt_says():
    assert _said(EventManager.fire_event, SQLQuery(**STEP)) == _said(
        dbt_mercurios.dbts_firing, _dbts(SQLQuery, **STEP)
    )


def test_the_fields_of_a_step_can_be_read_before_it_is_fired():
    event = SQLQuery(**STEP)

    assert event.sql == "select 1"
    assert event.node_info.node_name == "a_model"
    assert event.to_dict() == _dbts(SQLQuery, **STEP).to_dict()
    with pytest.raises(AttributeError):
        event.no_such_field  # noqa: B018
