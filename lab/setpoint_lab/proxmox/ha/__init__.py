"""High availability: resources and rules, and a manager that starts, stops, moves and recovers guests by them.

The lists' emptiness, rights and quorum were recorded; the rest follows the schema and what the daemons' source says.
"""
