"""`python -m mercurios_demo`: the demo that `make demo` starts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def demo(
    *,
    leave: Annotated[
        bool,
        typer.Option("--exit", help="Stop everything after the summary; exit code 0 only if all succeeded."),
    ] = False,
    airflow_port: Annotated[
        int, typer.Option(envvar="DEMO_AIRFLOW_PORT", help="Port of the Airflow UI.")
    ] = 8080,
    simulator_port: Annotated[
        int, typer.Option(envvar="DEMO_SIMULATOR_PORT", help="Port of the simulator.")
    ] = 8990,
    home: Annotated[
        Path, typer.Option(envvar="DEMO_HOME", help="Folder for everything the demo writes.")
    ] = Path(".demo"),
) -> None:
    """Run two retailers through the real DAGs on this machine and show what came out."""
    from mercurios_demo.run import DemoError, Ports, run_demo

    try:
        succeeded = run_demo(home.resolve(), Ports(airflow_port, simulator_port), leave=leave)
    except DemoError as error:
        typer.secho(str(error), err=True, fg=typer.colors.RED)
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    raise typer.Exit(0 if succeeded else 1)


if __name__ == "__main__":
    app(prog_name="python -m mercurios_demo")
