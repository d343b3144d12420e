"""The pages of the documentation: none forgotten, none older than what it is made from."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


def test_every_page_has_a_place_in_the_navigation() -> None:
    listed = re.findall(r"^\s+- (?:.*: )?([\w/-]+\.md)$", (ROOT / "mkdocs.yml").read_text("utf-8"), re.M)
    pages = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")}
    assert set(listed) == pages, "mkdocs.yml, under nav, lists every page of docs/"
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize("tool", ["build_settings_page", "build_command_page"])
def test_generated_pages_are_up_to_date(tool: str, load_tool: Callable[[str], ModuleType]) -> None:
    module = load_tool(tool)
    assert module.PAGE.read_text(encoding="utf-8") == module.page(), f"run: python tools/{tool}.py"


def test_every_command_has_a_section(load_tool: Callable[[str], ModuleType]) -> None:
    from pase.cli import COMMANDS

    page = load_tool("build_command_page").page()
    assert {heading.split()[-1] for heading in re.findall(r"^## (.*)$", page, re.M)} == set(COMMANDS)


@pytest.mark.parametrize("page", sorted(path.relative_to(ROOT).as_posix() for path in DOCS.rglob("*.md")))
def test_nothing_is_loaded_from_elsewhere(page: str) -> None:
    """Pictures and scripts are files of the site, so that it is whole offline."""
    text = (ROOT / page).read_text(encoding="utf-8")
    assert not re.search(r"!\[[^]]*\]\(https?:|<(?:img|script|link)[^>]*https?:", text)
