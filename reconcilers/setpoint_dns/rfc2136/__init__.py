"""Any server by signed updates (RFC 2136) and zone transfers (AXFR): Knot, BIND, PowerDNS and others."""
