"""What things are: frozen values shared by every part of the engine. No I/O, no clock, no randomness."""
