"""What activates a system on a host and goes back by itself when nobody confirms it, and the controller's part of that."""
