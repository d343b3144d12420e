"""Every page opens in a browser without an error of its scripts, and fits a phone."""

from dataclasses import replace
from pathlib import Path

import numpy as np

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
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.on("requestfailed", lambda request: problems.append(request.url))
        for name in ("report", "viewer", "comparison", "study"):
            page.goto((tmp_path / f"{name}.html").as_uri())
            page.wait_for_timeout(200)
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert not problems and wide <= 0, (name, problems, wide)
            if name == "viewer":
                page.click("[data-tab=answers]")
                message = page.inner_text("[data-pane=answers]")
                assert "Squats" in message and "Squat depth" in message and "\t91\t°" in message


def test_a_side_without_a_whole_cycle_is_not_in_the_legend(tmp_path: Path) -> None:
    (subject,) = Subject.of_all([analysed(squats([90.0, 90.0]))])
    (tmp_path / "plots").mkdir()
    findings = subject.motion.findings
    assert findings is not None
    values = findings.angles.values.copy()
    values[:, [key.endswith("_r") for key in findings.angles.keys]] = np.nan
    half_seen = replace(findings, angles=replace(findings.angles, values=values))
    for result, drawn in ((findings, True), (half_seen, False)):
        person = replace(subject, motion=replace(subject.motion, findings=result))
        write_page([person], {"persons": [{}]}, tmp_path / "report.html", plots=[tmp_path / "plots"])
        page = (tmp_path / "report.html").read_text(encoding="utf-8")
        assert "left, mean of 2" in page and ("right, mean of 2" in page) == drawn
        assert ("right: no whole cycle was seen" in page) == (not drawn)
