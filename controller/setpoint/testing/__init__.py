"""The public kit for authors of kinds."""
