"""Airflow's side of the warehouse: hooks, and the operators that begin, load, check and publish a run."""
