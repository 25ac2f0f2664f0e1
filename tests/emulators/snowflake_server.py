"""Serves the emulated Snowflake over TLS on a free port of this machine, and prints the port as one line of JSON.

Started as a process of its own (`running_emulators.py`). Arguments are the names of shims to leave out, or `all`.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import sys

import fakesnow.server as server
import uvicorn
from snowflake_auth import guard_account
from snowflake_parsing import work_once
from snowflake_shims import SHIMS
from snowflake_translation import skip_idle_steps


def main(without: list[str]) -> None:
    """Serve until the process is ended."""
    # Before the shims, each of which changes a statement before or after it is parsed.
    work_once()
    for name, shim in SHIMS.items():
        if name not in without and without != ["all"]:
            shim()
    skip_idle_steps()
    guard_account()
    logging.getLogger("fakesnow.server").setLevel(os.environ.get("EMULATOR_LOG_LEVEL", "WARNING"))
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
    config = uvicorn.Config(
        server.app,
        log_level="warning",
        ssl_certfile=os.environ["EMULATOR_CERTIFICATE"],
        ssl_keyfile=os.environ["EMULATOR_KEY"],
    )
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main(sys.argv[1:])
