"""From what NetBox holds to declarations, by maps that are data: those that systems lend, and those of the repository."""
