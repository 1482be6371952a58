"""The reconciliation engine; it knows no system and no kind."""
