"""`setpoint completion`: the script by which a shell completes our words; click writes it and speaks with it."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from setpoint.cli.output import examples

_VARIABLE = "_SETPOINT_COMPLETE"
_SHELLS = ("bash", "zsh", "fish")


@click.command(
    short_help="Print the script for a shell's completion.",
    epilog=examples(
        "setpoint completion bash > ~/.local/share/bash-completion/completions/setpoint",
        "setpoint completion zsh > ~/.zfunc/_setpoint      # with fpath=(~/.zfunc $fpath) before compinit",
        "setpoint completion fish > ~/.config/fish/completions/setpoint.fish",
        'eval "$(setpoint completion bash)"                # for this shell only',
    ),
)
@click.argument("shell", type=click.Choice(_SHELLS))
def completion(shell: str) -> None:
    """Print the script that completes verbs, options, kinds and keys in bash (4.4 or later), zsh or fish.

    For all users bash looks in /usr/share/bash-completion/completions/setpoint, zsh in
    /usr/share/zsh/vendor-completions/_setpoint and fish in /usr/share/fish/vendor_completions.d/setpoint.fish.
    A new shell has it. Keys are those of the daemon that the settings name, or what it remembered, or what the source
    declares.
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"click knows no {shell}")
    script = kind(click.Command("setpoint"), {}, "setpoint", _VARIABLE)
    # Not by `source()`, which asks bash for its version: that is of interest where the script runs, not here.
    text = script.source_template % script.source_vars()
    click.echo(_mended(text, shell))


def _mended(script: str, shell: str) -> str:
    """Without errors, which nobody wants to read while typing, and with the commas that a help text may hold."""
    for call in (f"{shell}_complete $1)", f"{shell}_complete setpoint)", "(commandline -t) setpoint)"):
        script = script.replace(call, f"{call[:-1]} 2>/dev/null)")
    return script.replace('(string split "," $completion)', '(string split -m 1 "," $completion)')
