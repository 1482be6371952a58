"""What a person types for a NetBox."""
