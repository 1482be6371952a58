"""Layers become one validated set of resources. No I/O."""
