"""Airflow's side of the weekly forecast."""
