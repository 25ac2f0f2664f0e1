"""The command line; each command composes functions that the DAGs use too."""
