"""Delivery of alerts to Slack from task callbacks."""
