"""Airflow's side of the embedded engine."""
