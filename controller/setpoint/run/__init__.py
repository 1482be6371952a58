"""The only part that waits: queue, lanes, pipeline, supervisor."""
