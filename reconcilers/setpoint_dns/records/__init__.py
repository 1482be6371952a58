"""What people declare of records: the forms, what they mean, and what is wrong or unwise about them. No I/O."""
