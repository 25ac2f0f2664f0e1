"""dbt as Airflow tasks, rendered by Cosmos."""
