"""Entry point of `python -m prohandel_simulator`."""

from __future__ import annotations

import sys

from prohandel_simulator.cli import main

sys.exit(main())
