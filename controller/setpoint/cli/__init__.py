"""One file per verb; imports are lazy."""
