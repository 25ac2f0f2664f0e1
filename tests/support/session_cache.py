"""What the tests of one session make once and share, in whichever of pytest-xdist's processes they run.

Builds of dbt, parsed projects and Airflow's database cost seconds each. Whoever needs one first makes it, the others
wait for it and take a copy of their own.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SessionCache:
    """Folders that are made once.

    Attributes:
        folder: the same for all processes of the session.
    """

    folder: Path

    def once(self, name: str, make: Callable[[Path], object]) -> Path:
        """Return the folder of this name, filled by `make` if it was not before; nothing may change it afterwards.

        What fails is made again by the next who asks.

        Args:
            name: what it holds; a folder's name.
            make: fills the empty folder.
        """
        place, done = self.folder / name, self.folder / f"{name}.done"
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                shutil.rmtree(place, ignore_errors=True)
                place.mkdir()
                make(place)
                done.touch()
        return place

    def copy(self, name: str, make: Callable[[Path], object], target: Path) -> Path:
        """Copy the folder of this name, which may then be changed, and return the copy."""
        shutil.copytree(self.once(name, make), target, dirs_exist_ok=True)
        return target
