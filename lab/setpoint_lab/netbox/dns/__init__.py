"""The plugin for DNS: views, zones, records and name servers, and what it makes of them itself."""
