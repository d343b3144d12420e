"""Imports go downwards only and find what they name: no module imports one that imports it."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache

import pytest

from places import REPOSITORY

SOURCE = REPOSITORY / "src"
MODULES = {
    ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((SOURCE / "pase").rglob("*.py"))
}
FORBIDDEN = {
    "anatomy": ("fit", "formats", "lift", "media", "pipeline", "pose2d", "view"),
    "media": ("fit", "formats", "lift", "pipeline", "pose2d", "view"),
    "formats": ("fit", "lift", "pipeline", "pose2d", "view"),
    "camera": ("fit", "lift", "pipeline", "view"),
    "pose2d": ("fit", "lift", "pipeline", "view"),
    "lift": ("fit", "pipeline", "view"),
    "analysis": ("fit", "pipeline", "view"),
    "view": ("fit", "pipeline", "batch", "app"),
    "fit": ("pipeline", "view", "batch", "app"),
    "pipeline": ("batch", "app", "cli"),
}


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """Everything that runs, also inside functions, but for what is imported for type checkers only."""
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)):
            yield child
            yield from _statements(child)


@cache
def imported(module: str, for_types: bool = False) -> frozenset[str]:
    """The modules of ours that a module imports, at once, when a function runs, or for type checkers only."""
    names: set[str] = set()
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    for node in ast.walk(tree) if for_types else _statements(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return frozenset(names & MODULES.keys() - {module, "pase"})


def _circle(module: str, path: tuple[str, ...], done: set[str]) -> tuple[str, ...]:
    if module in path:
        return (*path[path.index(module) :], module)
    if module not in done:
        done.add(module)
        for target in sorted(imported(module, for_types=True)):
            if circle := _circle(target, (*path, module), done):
                return circle
    return ()


def test_no_module_imports_itself_through_others() -> None:
    done: set[str] = set()
    circles = [circle for module in MODULES if (circle := _circle(module, (), done))]
    assert not circles


@cache
def defined(module: str) -> frozenset[str]:
    """Every name that a module binds anywhere: more than can be imported, never less."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
    return frozenset(names)


@pytest.mark.parametrize("folder", ["tools", "benchmarks", "tests", "src"])
def test_every_name_that_is_imported_exists(folder: str) -> None:
    """Tools and benchmarks are not run by the tests: a name that changed in `pase` would stay old there."""
    missing = [
        f"{path}:{node.lineno} {node.module}.{alias.name}"
        for path in sorted((REPOSITORY / folder).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "pase"
        for alias in node.names
        if f"{node.module}.{alias.name}" not in MODULES
        and not (node.module in MODULES and alias.name in defined(node.module))
    ]
    assert not missing


@pytest.mark.parametrize("room", FORBIDDEN)
def test_rooms_import_downwards_only(room: str) -> None:
    upwards = {
        f"{module} imports {name}"
        for module in MODULES
        for name in imported(module)
        if module.split(".")[1:2] == [room] and name.split(".")[1] in FORBIDDEN[room]
    }
    assert not upwards


def test_the_start_waits_for_nothing_slow() -> None:
    """The command line and the estimator import these where they are needed: each takes 0.1 to 2 s of a start."""
    code = (
        "import sys, pase.cli, pase.fit.estimate, pase.fit.markers, pase.anatomy.default\n"
        "slow = ('scipy.interpolate', 'scipy.ndimage', 'scipy.spatial', 'scipy.optimize')\n"
        "slow += ('cv2', 'torch', 'vtkmodules')\n"
        "print(*(name for name in slow if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == ""
