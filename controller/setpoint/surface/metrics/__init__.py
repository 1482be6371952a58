"""What Prometheus scrapes: the names, what is counted as it happens, and what is read from the estate at each scrape."""
