"""Firewalls of the cluster, its nodes, guests and vnets: options, rules, groups, sets and aliases.

No exchange was recorded: parameters and rights are the schema's, positions, defaults and texts the daemon's source's.
"""
