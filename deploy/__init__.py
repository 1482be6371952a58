"""What runs beside the daemon: its unit, alerts and dashboards."""
