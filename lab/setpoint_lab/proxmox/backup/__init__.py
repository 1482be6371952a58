"""Backups of guests: jobs and their calendar, archives on storages, and what is kept of them."""
