"""`python -m setpoint`: the command without its script on the PATH."""

from __future__ import annotations

from setpoint.cli.main import main

main()
