"""Write docs/commands.md from the parser of the command line: `python tools/build_command_page.py`."""

import argparse
from collections.abc import Iterator
from pathlib import Path

from pase.cli_parser import make_parser
from pase.config import leaves

PAGE = Path(__file__).parents[1] / "docs" / "commands.md"

INTRODUCTION = """# Command line

`pase COMMAND --help` shows the same. Exit codes: 0 done, 1 `pase doctor` found something missing, 2 bad input
(one line says what to do), 130 stopped by Ctrl+C. `tools/build_command_page.py` writes this page.
"""


def page() -> str:
    """The page as Markdown."""
    return "\n".join([INTRODUCTION, *(_section(parser) for parser in _commands(make_parser()))])


def _commands(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Every command, those with actions of their own as one a piece."""
    nested = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    if not nested:
        yield parser
    for action in nested:
        for child in action.choices.values():
            yield from _commands(child)


def _section(parser: argparse.ArgumentParser) -> str:
    """One command: what it is for, how it is called, its own words, the groups of settings it takes."""
    shared = {f"--{leaf.flag}" for leaf in leaves()}
    actions = [
        action
        for action in parser._actions
        if not isinstance(action, argparse._HelpAction) and not shared & set(action.option_strings)
    ]
    sections = [f"## {parser.prog}", str(parser.description), f"```sh\n{_usage(parser, actions)}\n```"]
    if actions:
        rows = [f"| {_names(action)} | {_meaning(action)} |" for action in actions]
        sections.append("\n".join(["| word | meaning |", "|---|---|", *rows]))
    groups = parser.get_default("groups") or ()
    if groups:
        links = ", ".join(f"[{group}](settings.md#{group})" for group in groups)
        sections.append(f"Settings: {links}.")
    short = [f"`{name}`" for a in parser._actions for name in a.option_strings[1:] if _is_short(a, name)]
    if short:
        sections.append(f"Also without the group's name: {', '.join(short)}.")
    return "\n\n".join(sections) + "\n"


def _is_short(action: argparse.Action, name: str) -> bool:
    """Whether it is the bare second name of a setting's flag, as `--weights` for `--lift.weights`."""
    first = action.option_strings[0]
    return "." in first and name.startswith("--") and first.endswith(f".{name[2:]}")


def _usage(parser: argparse.ArgumentParser, actions: list[argparse.Action]) -> str:
    words = [parser.prog, *(_value(a) for a in actions if not a.option_strings)]
    words += [f"{a.option_strings[0]} {_value(a)}" for a in actions if a.option_strings and a.required]
    return " ".join(words + ["[options]"] * any(not a.required for a in parser._actions[1:]))


def _value(action: argparse.Action) -> str:
    """What stands after the flag, or in the place of the argument."""
    if action.nargs == 0 or isinstance(action, argparse.BooleanOptionalAction):
        return ""
    name = "{" + ",".join(map(str, action.choices)) + "}" if action.choices else action.metavar
    name = str(name or action.dest.upper())
    return {"+": f"{name} ...", "*": f"[{name} ...]"}.get(str(action.nargs), name)


def _names(action: argparse.Action) -> str:
    if not action.option_strings:
        return f"`{_value(action)}`"
    return ", ".join(f"`{f'{name} {_value(action)}'.rstrip()}`" for name in action.option_strings)


def _meaning(action: argparse.Action) -> str:
    text = (action.help or "").replace("%%", "%").replace("|", "\\|")
    plain = isinstance(action.default, str | int | float | Path) and not isinstance(action.default, bool)
    default = f"; default `{action.default}`" if plain and action.default != argparse.SUPPRESS else ""
    return text + default


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
