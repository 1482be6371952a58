"""Writes back how things stand: into custom fields of ours, and into the journal. Sparingly, for each write costs people."""
