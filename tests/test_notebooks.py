"""The notebooks run from the first cell to the last, in order, and what they make is told on the page of files."""

import json
from pathlib import Path

import pytest

from pase.errors import MissingDependencyError
from places import REPOSITORY

NOTEBOOKS = sorted((REPOSITORY / "docs" / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_outputs_are_not_kept(path: Path) -> None:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert code and all(not cell["outputs"] and cell["execution_count"] is None for cell in code)


@pytest.fixture(scope="module")
def workplace(
    networks: tuple[Path, Path], short_clip: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Folder in which all notebooks were run; skipped where files, packages or drawing are missing."""
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
    pytest.importorskip("ipykernel", reason="ipykernel is not installed")
    import nbformat

    from pase.view.backend import require_drawing

    try:
        require_drawing()
    except MissingDependencyError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("notebooks")
    for path in NOTEBOOKS:
        notebook = nbformat.read(path, as_version=4)
        place = {"metadata": {"path": str(folder)}}
        nbclient.NotebookClient(notebook, timeout=600, kernel_name="python3", resources=place).execute()
        nbformat.write(notebook, folder / path.name)
    return folder


@pytest.mark.slow
def test_every_notebook_shows_a_picture(workplace: Path) -> None:
    for path in NOTEBOOKS:
        cells = json.loads((workplace / path.name).read_text(encoding="utf-8"))["cells"]
        outputs = [output for cell in cells for output in cell.get("outputs", [])]
        assert any("image/png" in output.get("data", {}) for output in outputs), path.name


@pytest.mark.slow
def test_the_page_of_files_tells_all_of_a_result(workplace: Path) -> None:
    """Every file of a run, every key of its JSON files and every column of its tables."""
    page = (REPOSITORY / "docs" / "files.md").read_text(encoding="utf-8")
    result = workplace / "walk_a"
    report = json.loads((result / "report.json").read_text(encoding="utf-8"))
    first = json.loads((result / "keypoints.json").read_text(encoding="utf-8"))[0]
    camera = json.loads((result / "camera.json").read_text(encoding="utf-8"))
    bones = (result / "person_1" / "bones.csv").read_text(encoding="utf-8").splitlines()[0].split(",")
    files = {Path(file).name for file in report["files"] if "Geometry" not in file}
    keys = {*files, *report, *report["persons"][0], *first, *camera, *bones}
    assert not {word for word in keys if word not in page}
