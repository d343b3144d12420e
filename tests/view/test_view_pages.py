"""Every page opens in a browser without an error of its scripts, and fits a phone."""

from __future__ import annotations

from pathlib import Path

from analysis.motions import squats
from browser import chromium
from pase.analysis import analysed
from pase.view.comparison import write_comparison
from pase.view.page import write_page
from pase.view.study import StudyTrial, write_study_page
from pase.view.subject import Subject
from pase.view.viewer import write_viewer


def test_every_page_opens(tmp_path: Path) -> None:
    motions = [analysed(squats([depth, depth])) for depth in (90.0, 60.0)]
    (subject,) = Subject.of_all(motions[:1])
    (tmp_path / "plots").mkdir()
    write_page([subject], {"persons": [{}]}, tmp_path / "report.html", plots=[tmp_path / "plots"])
    write_viewer([subject], tmp_path / "viewer.html")
    write_comparison([(n, m, m.findings) for n, m in zip("ab", motions, strict=True) if m.findings], tmp_path)
    values = {("squat_depth", ""): 90.0}
    trial = StudyTrial("a", "anna", "barefoot", "done", "squat", "good", "report.html", "viewer.html", values)
    write_study_page([trial], tmp_path / "study.html", title="Squats")
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 390, "height": 800})
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda told: problems.append(told.text) if told.type == "error" else None)
        page.on("requestfailed", lambda request: problems.append(request.url))
        for name in ("report", "viewer", "comparison", "study"):
            page.goto((tmp_path / f"{name}.html").as_uri())
            page.wait_for_timeout(200)
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert not problems and wide <= 0, (name, problems, wide)
