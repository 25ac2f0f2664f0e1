"""Airflow's side of the sources: what opens each kind with its connection, and the operator that extracts."""
