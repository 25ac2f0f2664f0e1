"""What the commands that read a panel share, so that both respond alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

GroupOption = Annotated[
    str | None,
    typer.Option(help="Column that series are pooled by (default: category, group or department)."),
]
CountryOption = Annotated[str | None, typer.Option(help="Country of the public holidays, such as DE.")]
RegionOption = Annotated[str | None, typer.Option(help="Region of the public holidays, such as BY.")]
_FREQUENCIES = {"W": "weekly", "D": "daily", "M": "monthly"}


@contextmanager
def progress(console: Console, first: str, steps: Mapping[str, str]) -> Iterator[Callable[[str, int], None]]:
    """Show a progress bar, on a terminal only, for the length of a `with` block.

    Args:
        console: where it is shown.
        first: what is shown before the first step is done.
        steps: what is shown when a step is done, by its name.

    Yields:
        A function to call with the name of each step that is done, and how many there are in all.
    """
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description:28s}"),
        BarColumn(),
        TextColumn("{task.percentage:3.0f} %"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(first, total=None)

        def done(name: str, total: int) -> None:
            bar.update(task, description=steps.get(name, name), total=total, advance=1)

        yield done


@contextmanager
def mistakes_named(panel: Path) -> Iterator[None]:
    """End the command with one line that names the mistake, instead of a traceback, for the length of a `with` block.

    What was asked for wrongly, in the panel, an option or a file, exits with 2; a warehouse that fails, with 1.

    Args:
        panel: what the command reads.
    """
    from mercurios.forecasting.panel.panel import PanelError
    from mercurios.warehouse.engine import WarehouseError

    try:
        yield
    except PanelError as error:
        message, code = f"{panel.name}: {error}", 2
    except (ValueError, OSError) as error:
        message, code = str(error), 2
    except WarehouseError as error:
        message, code = str(error), 1
    else:
        return
    typer.secho(message, err=True, fg=typer.colors.RED)
    raise typer.Exit(code)


def frequency_of(text: str | None, known: str = "WDM") -> str | None:
    """Return the value of option `--frequency`.

    Args:
        text: what was typed; None where the option was left out.
        known: letters of the frequencies that the command reads.

    Raises:
        ValueError: it is another.
    """
    if text is not None and text.upper() not in tuple(known):
        *others, last = (f"{letter} ({_FREQUENCIES[letter]})" for letter in known)
        raise ValueError(f"--frequency: '{text}' is not {', '.join(others)} or {last}")
    return None if text is None else text.upper()
