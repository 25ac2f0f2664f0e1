"""`forecast --plots` where matplotlib is not installed, as in the image."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_without_matplotlib_plots_name_what_to_install_before_anything_is_read(tmp_path: Path) -> None:
    script = (
        "import importlib.machinery, sys\n"
        "find = importlib.machinery.PathFinder.find_spec\n"
        "class WithoutMatplotlib:\n"
        "    @staticmethod\n"
        "    def find_spec(name, path=None, target=None):\n"
        "        return None if name == 'matplotlib' else find(name, path, target)\n"
        "sys.meta_path = [WithoutMatplotlib if f is importlib.machinery.PathFinder else f for f in sys.meta_path]\n"
        "from mercurios.cli.main import app\n"
        "app(['forecast', 'none.csv', '--out', 'out', '--plots'])\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == 2, done.stderr
    assert "--plots: matplotlib is not installed: install it" in done.stderr
    assert list(tmp_path.iterdir()) == []
