"""A rehearsal data centre: emulators of what cannot be installed, each a process of its own that is spoken to over HTTP."""
