"""`python -m mercurios`: the commands for people who work on one piece of the product."""

from mercurios.cli.main import app

app(prog_name="python -m mercurios")
