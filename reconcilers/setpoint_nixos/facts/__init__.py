"""What one look at a host tells: a tolerant script, and its words as one frozen value in which whatever is not known says why."""
