"""Holds the emulators against recorded exchanges, over HTTP alone; run it with `python -m tests.conformance`."""
