"""What NetBox keeps, one module for each of its apps; importing them fills the registry."""
