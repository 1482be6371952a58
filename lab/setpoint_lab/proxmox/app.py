"""Where the emulator's parts come together: importing this module fills the tables of routes, readers and events."""
