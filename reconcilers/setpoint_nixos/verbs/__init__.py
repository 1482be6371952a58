"""What a person types for hosts."""
