"""Airflow's side of Mercurios: hooks, operators, alerts and what the DAGs have in common."""
