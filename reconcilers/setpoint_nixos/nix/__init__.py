"""Nix as a program: evaluating, building, copying, signing. It knows neither hosts nor kinds."""
