"""Puts the API and the admin surface behind one ASGI application, and configures uvicorn for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import uvicorn
from starlette.applications import Starlette

from prohandel_simulator import admin, api
from prohandel_simulator.simulator import Simulator

HOST = "127.0.0.1"


class Application:
    """ASGI application: API paths go straight to the hot path, everything else to Starlette.

    `interceptors` may be changed while it runs; see `api.Interceptor`.
    """

    def __init__(self, simulator: Simulator, interceptors: Sequence[api.Interceptor] = (api.outage,)) -> None:
        self.simulator = simulator
        self.interceptors = list(interceptors)
        self._rest = Starlette(routes=admin.routes(simulator))

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Dispatch one ASGI event stream."""
        if scope["type"] == "http" and scope["path"].startswith(api.PREFIX):
            await api.serve(self.simulator, self.interceptors, scope, send)
        else:
            await self._rest(scope, receive, send)


def configure(application: Any, port: int) -> uvicorn.Config:
    """Return uvicorn's configuration: loopback only, and no headers of its own, since `Date` is simulated."""
    return uvicorn.Config(
        application,
        host=HOST,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        lifespan="off",
        timeout_keep_alive=60,
    )
