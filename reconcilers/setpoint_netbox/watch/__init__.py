"""How a NetBox is followed without losing a change: a feed of changes with holes, snapshots beside it, and what is not believed."""
