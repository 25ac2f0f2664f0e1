"""Serves the emulated S3 (moto) on a free port of this machine, and prints the port as one line of JSON."""

from __future__ import annotations

import json
import logging
import threading

from moto.server import ThreadedMotoServer

if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    print(json.dumps({"port": moto.get_host_and_port()[1]}), flush=True)
    threading.Event().wait()
