"""Airflow's side of ProHandel: the hook that opens a client, and the operator that extracts."""
