"""The pages of the documentation: none forgotten, none older than what it is made from."""

import pkgutil
import re
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from pase.anatomy.kinematics import Kinematics
from pase.cli_parser import parse
from places import REPOSITORY

DOCS = REPOSITORY / "docs"


def test_every_page_has_a_place_in_the_navigation() -> None:
    listed = re.findall(
        r"^\s+- (?:.*: )?([\w/-]+\.md)$", (REPOSITORY / "mkdocs.yml").read_text("utf-8"), re.M
    )
    pages = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")}
    assert set(listed) == pages, "mkdocs.yml, under nav, lists every page of docs/"
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize("tool", ["build_settings_page", "build_command_page", "build_angles_page"])
def test_generated_pages_are_up_to_date(tool: str, load_tool: Callable[[str], ModuleType]) -> None:
    module = load_tool(tool)
    assert module.PAGE.read_text(encoding="utf-8") == module.page(), f"run: python tools/{tool}.py"


def test_names_and_files_of_the_map_are_in_the_code() -> None:
    rows = [
        line for line in (DOCS / "how-it-works.md").read_text("utf-8").splitlines() if line.startswith("| ")
    ]
    words = [word for row in rows for word in re.findall(r"`([^`]+)`", row)]
    files = [word for word in words if re.fullmatch(r"[\w/]+(/|\.(py|json|osim|html\.j2))", word)]
    rooms = (
        "src/pase",
        "src/pase/assets",
        "src/pase/pipeline",
        "src/pase/pose2d",
        "src/pase/lift",
        "src/pase/camera",
    )
    roots = [REPOSITORY, *(REPOSITORY / room for room in rooms)]
    written = {"report.json", "camera.json"}
    assert len(files) > 40
    assert [f for f in files if f not in written and not any((root / f).exists() for root in roots)] == []
    names = [word for word in words if re.fullmatch(r"\w+(\.\w+)+", word) and word not in files]
    names = [name for name in names if not name.endswith((".mp4", ".py"))]
    assert len(names) > 25
    for name in names:
        assert pkgutil.resolve_name(f"pase.{name}") is not None


def test_every_command_has_a_section(load_tool: Callable[[str], ModuleType]) -> None:
    from pase.cli import COMMANDS

    page = load_tool("build_command_page").page()
    assert {heading.split()[-1] for heading in re.findall(r"^## (.*)$", page, re.M)} == set(COMMANDS)


def test_signs_on_the_page_of_angles_are_those_of_the_skeleton(
    load_tool: Callable[[str], ModuleType],
) -> None:
    """Every coordinate is on the page, drawn inside its range, and moves the named point to where is said."""
    angles = load_tool("build_angles_page")
    skeleton = angles.marked_skeleton()
    names = set()
    for movement in (m for movements in angles.GROUPS.values() for m in movements):
        coordinate = angles.coordinate_of(skeleton, movement)
        low, high = np.degrees(coordinate.range)
        assert low <= 0 < movement.value <= high, movement.name
        point, direction = movement.moves
        zero, moved = Kinematics(skeleton).positions(angles.poses(skeleton, movement))
        step = (moved - zero)[skeleton.landmark_index(point)]
        assert step @ angles.DIRECTIONS[direction] > 0.01, (
            f"{movement.name} does not move {point} {direction}"
        )
        assert (angles.PICTURES / f"{movement.name}.webp").is_file()
        names.add(coordinate.name.removesuffix("_r"))
    sides = {name.removesuffix("_r").removesuffix("_l") for name in skeleton.free_names}
    assert names == sides - {"pelvis_tx", "pelvis_ty", "pelvis_tz"}


@pytest.mark.slow
def test_code_of_the_developers_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = (DOCS / "extending.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.M | re.S)
    page = ModuleType("extending")
    monkeypatch.setitem(sys.modules, "extending", page)  # where dataclasses look for their annotations
    for number, block in enumerate(blocks, 1):
        exec(compile(block, f"extending.md, block {number}", "exec"), vars(page))
    assert len(blocks) > 5 and hasattr(page, "fitted")


def test_commands_of_the_pages_are_understood() -> None:
    """Every line that calls `pase` in README and pages, but for the usage lines of the generated page."""
    lines = []
    for path in [REPOSITORY / "README.md", *DOCS.glob("*.md")]:
        text = path.read_text(encoding="utf-8").replace("\\\n", " ")
        for block in (
            re.findall(r"^ *```(?:sh)?\n(.*?)^ *```$", text, re.M | re.S) if path.stem != "commands" else []
        ):
            lines += re.findall(r"^ *(pase [a-z].*)$", block, re.M)
    for line in lines:
        parse(shlex.split(line, comments=True)[1:])
    assert len(lines) > 40


@pytest.mark.slow
@pytest.mark.parametrize("page", ["README.md", "docs/measures.md", "docs/error-bars.md", "docs/tutorial.md"])
def test_python_of_the_pages_runs(page: str, finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(finished)
    blocks = re.findall(
        r"^```python\n(.*?)^```$", (REPOSITORY / page).read_text(encoding="utf-8"), re.M | re.S
    )
    for number, block in enumerate(blocks, 1):
        if "import opensim" in block:
            pytest.importorskip("opensim", reason="opensim is not installed")
        if "to_dataframe" in block:
            pytest.importorskip("pandas", reason="pandas is not installed")
        exec(compile(block, f"{page}, block {number}", "exec"), {})
    assert blocks


@pytest.fixture(scope="module")
def finished(networks: tuple[Path, Path], short_clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of `walk.mp4` and its `result`, as the pages call them."""
    from pase.config import make_settings
    from pase.pipeline import run

    folder = tmp_path_factory.mktemp("pages")
    shutil.copy(short_clip, folder / "walk.mp4")
    run(folder / "walk.mp4", folder / "result", make_settings({"output.overlay": False}))
    return folder


def test_every_room_is_in_the_reference() -> None:
    named = set(
        re.findall(r"^::: (pase\S*)", "\n".join(p.read_text("utf-8") for p in DOCS.glob("api/*.md")), re.M)
    )
    rooms = {f"pase.{p.parent.name}" for p in (REPOSITORY / "src/pase").glob("*/__init__.py")} - {
        "pase.assets"
    }
    missing = {room for room in rooms if not any(f"{name}.".startswith(f"{room}.") for name in named)}
    assert not missing, "a page in docs/api/ names every room, or modules of it"


def test_readme_repeats_the_table_of_accuracy() -> None:
    section = (REPOSITORY / "README.md").read_text("utf-8").split("## Accuracy")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    page = (DOCS / "accuracy.md").read_text("utf-8").splitlines()
    assert rows and set(rows) <= set(page), "README.md and docs/accuracy.md must tell the same"


@pytest.mark.parametrize(
    "page", sorted(path.relative_to(REPOSITORY).as_posix() for path in DOCS.rglob("*.md"))
)
def test_nothing_is_loaded_from_elsewhere(page: str) -> None:
    """Pictures and scripts are files of the site, so that it is whole offline."""
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    assert not re.search(r"!\[[^]]*\]\(https?:|<(?:img|script|link)[^>]*https?:", text)
