"""Messages about runs that fail, recover or find something; plugins/mercurios_airflow/alerts delivers them."""
