"""Alarms, the dashboard, and the metrics that both read."""
