"""How hosts are spoken to: one connection each, which carries many commands at once."""
