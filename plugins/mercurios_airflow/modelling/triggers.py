"""What the task of a model waits for, in the triggerer from the task's start.

Airflow 3.3.2 loses a task that defers from a worker: when the trigger fires before the scheduler has read the
executor's word of the worker's exit, the word is taken for the end of the task that now waits for its second
start, and the task is sent into a retry (apache/airflow#67287, #72716). A task that begins in the triggerer
reaches a worker at most once per try, so there is no such word. It also takes no slot while it waits, however long
the build takes, and none at all when its model was built: a worker would spend seconds to say so.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import TaskSuccessEvent, TriggerEvent
from cosmos.listeners.dag_run_listener import EventStatus
from cosmos.operators._watcher import WatcherTrigger
from cosmos.operators._watcher.state import (
    get_dbt_event_xcom_key,
    is_producer_task_terminated,
)
from cosmos.operators._watcher.triggerer import WatcherEventReason


class ModelTrigger(WatcherTrigger):
    """Cosmos' trigger, which learns from the triggerer its run and whether its task is tried again.

    Args:
        dag_id: DAG of the build and of the model's task.
        producer_task_id: task of the build.
        model_unique_id: dbt's name of the model.
        poke_interval: seconds between two looks.
    """

    def __init__(
        self, dag_id: str, producer_task_id: str, model_unique_id: str, poke_interval: float
    ) -> None:
        super().__init__(
            model_unique_id=model_unique_id,
            producer_task_id=producer_task_id,
            dag_id=dag_id,
            # The scheduler makes triggers from the DAG alone; `run` looks it up.
            run_id="",
            map_index=-1,
            poke_interval=poke_interval,
        )

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class and what it is made from."""
        names = ("dag_id", "producer_task_id", "model_unique_id", "poke_interval")
        return f"{__name__}.{type(self).__name__}", {name: getattr(self, name) for name in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait for the model; at a later try wait for the build's end and have the task run the model itself."""
        self.run_id = self.task_instance.run_id
        if self.task_instance.try_number == 1:
            async for event in super().run():
                yield await self._ended(event)
            return
        # What the build said of the model is what the try before acted on, so it is not asked again.
        while not is_producer_task_terminated(await self._get_producer_task_status()):
            await asyncio.sleep(self.poke_interval)
        payload = {"status": EventStatus.FAILED, "reason": WatcherEventReason.PRODUCER_SKIPPED}
        # Airflow declares no types for it.
        yield TriggerEvent(payload)  # type: ignore[no-untyped-call]

    async def _ended(self, event: TriggerEvent) -> TriggerEvent:
        """Return the event that ends the task where its model was built; anything else is for a worker to say."""
        if event.payload["status"] != EventStatus.SUCCESS:
            return event
        said = await self.get_xcom_val(get_dbt_event_xcom_key(self.model_unique_id)) or {}
        for text in (said.get("msg"), event.payload.get("compiled_sql")):
            if text:
                self.log.info("%s", text)
        return TaskSuccessEvent()
