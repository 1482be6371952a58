"""Webhooks: which rules an event meets, what is delivered, and the queue and its worker between."""
