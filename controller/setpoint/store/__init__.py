"""What is remembered: SQLite, plain SQL, numbered migrations."""
