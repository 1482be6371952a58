"""One folder per kind."""
