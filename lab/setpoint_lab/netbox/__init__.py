"""An emulator of NetBox 4.6.8: declared models on a small engine, spoken to over HTTP only."""
