"""What a task of a DAG does across packages: forecast, its accuracy, findings, replay of quarantined rows."""
