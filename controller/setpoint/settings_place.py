"""Where settings are looked for; apart from what they say, so that it costs nothing to find them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from setpoint.model.errors import SettingsError

VARIABLE = "SETPOINT_CONFIG"
PLACES = (Path("setpoint.yaml"), Path("/etc/setpoint/setpoint.yaml"))
"""Where settings are looked for when nobody names them."""
STATE = Path("/var/lib/setpoint")
"""The folder of the daemon's memory when the settings name none."""
SOCKET = "setpoint.sock"
"""The socket in that folder, when the settings name none."""


def find_settings(path: Path | None, env: Mapping[str, str]) -> Path:
    """The settings file that counts.

    Raises:
        SettingsError: nobody named one, and there is none in the usual places.
    """
    if path is not None:
        return path
    if env.get(VARIABLE):
        return Path(env[VARIABLE])
    for place in PLACES:
        if place.exists():
            return place
    raise SettingsError(
        f"there are no settings: neither {' nor '.join(str(place) for place in PLACES)} exists",
        remedy=f"write them with setpoint init, or name them with --config or {VARIABLE}",
    )
