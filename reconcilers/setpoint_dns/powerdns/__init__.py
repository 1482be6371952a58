"""PowerDNS by its HTTP API."""
