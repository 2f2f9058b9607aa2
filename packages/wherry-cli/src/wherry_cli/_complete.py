"""Shell completion: the script for a shell, and what stands where a URL could.

Decides that names of commands are offered beside URLs. Finding options and files is click's work.
"""

import click
from click.shell_completion import CompletionItem, get_completion_class

SHELLS = ("bash", "zsh", "fish")


def completion_script(group: click.Group, shell: str) -> str:
    """What `shell` has to evaluate to complete the command `group`."""
    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"no completion for {shell!r}; there is one for {', '.join(SHELLS)}")
    name = group.name or "wherry"
    return found(group, {}, name, f"_{name.upper()}_COMPLETE").source()


def complete_url(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Names of commands that begin with `incomplete`; of URLs nothing is known."""
    group = ctx.find_root().command
    if not isinstance(group, click.Group):
        return []
    return [
        CompletionItem(name, help=command.get_short_help_str())
        for name, command in sorted(group.commands.items())
        if name.startswith(incomplete)
    ]
