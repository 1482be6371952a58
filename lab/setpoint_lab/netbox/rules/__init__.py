"""Rules that models have beside the forms of their fields, one module for each matter; importing them registers them."""
