"""Mercurios: what a retailer should order, when and why.

Pure Python over arrays, tables and files. Nothing below this package knows Airflow: a DAG, an operator or the
command line composes these functions, so each of them runs and is tested without a scheduler.
"""
