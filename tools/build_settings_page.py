"""Write docs/settings.md from the tree of settings: `python tools/build_settings_page.py`."""

import typing
from pathlib import Path

from pase.config import leaves, setting_groups
from pase.setting import Leaf

PAGE = Path(__file__).parents[1] / "docs" / "settings.md"

INTRODUCTION = """# Settings

Every setting has a flag and a place in a TOML file, one table per group, given by `--config FILE`. Flags go
before the file, the file before the defaults. `tools/build_settings_page.py` writes this page.

```toml
[person]
height_m = 1.75

[output]
overlay = false
```
"""


def page() -> str:
    """The page as Markdown."""
    sections = [INTRODUCTION]
    for name, group in setting_groups().items():
        rows = [_row(leaf) for leaf in leaves(name)]
        if rows:
            head = "| setting | flag | default | allowed | meaning |\n|---|---|---|---|---|"
            sections.append(f"## {name}\n\n{group.__doc__}\n\n" + "\n".join([head, *rows]) + "\n")
    return "\n".join(sections)


def _row(leaf: Leaf) -> str:
    flag = f"`--{leaf.flag}`" + (f", `--no-{leaf.flag}`" if leaf.kind is bool else "")
    default = "–" if leaf.default is None else f"`{leaf.default}`"
    choices = ", ".join(f"`{choice}`" for choice in typing.get_args(leaf.kind) if isinstance(choice, str))
    ends = " ".join(f"{sign} {end:g}" for sign, end in (("≥", leaf.low), ("≤", leaf.high)) if end is not None)
    return f"| `{leaf.path.split('.')[1]}` | {flag} | {default} | {choices or ends or '–'} | {leaf.doc} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
