"""The Grafana dashboards as code; `python -m deploy.grafana.build` writes the JSON that Grafana reads."""
