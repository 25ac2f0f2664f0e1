"""Airflow's side of Snowflake. Nothing here is imported where no tenant is on Snowflake."""
