"""`setpoint netbox`: what a person does with the NetBox in which things are declared."""

from __future__ import annotations

import click

from setpoint_netbox.verbs.check import check
from setpoint_netbox.verbs.importing import import_
from setpoint_netbox.verbs.init import init
from setpoint_netbox.verbs.show import show


@click.group(short_help="Set up, check and fill the NetBox in which things are declared.")
def netbox() -> None:
    """Work with the NetBox that `inventories.netbox` of the settings names.

    `init` makes in it what Setpoint needs; `import` writes a declared estate into an empty one;
    `check` tells what is missing, `show` what is declared there and where each value comes from.
    """


netbox.add_command(check)
netbox.add_command(import_)
netbox.add_command(init)
netbox.add_command(show)
