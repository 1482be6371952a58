"""Backups of guests: jobs and their calendar, archives on storages, what is kept of them, and how a VM comes back."""
