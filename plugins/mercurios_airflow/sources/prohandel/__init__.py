"""Airflow's side of ProHandel: the hook that opens a client, and what makes it a source."""
