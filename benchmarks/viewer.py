"""How smooth and how large the viewer is: `python benchmarks/viewer.py RESULT/viewer.html`.

Plays the page in headless Chromium without a graphics card at 1280×720 and counts the pictures it draws.
Needs the package `playwright` and Debian's `chromium`.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-quic",
]
COUNT = """seconds => new Promise(done => {
  let pictures = 0; const draw = pase.draw.bind(pase); pase.draw = () => { pictures += 1; draw(); };
  const start = performance.now();
  const count = { ticks: 0 };
  const tick = () => {
    count.ticks += 1;
    const past = (performance.now() - start) / 1000;
    if (past > seconds) done([count.ticks / past, pictures / past, pase.ratio]);
    else requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
})"""


def measure(path: Path, seconds: float) -> tuple[float, float, float]:
    """Pictures a second that the page could show, that it drew, and their size as a share of the page's."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        context = browser.new_context(viewport={"width": 1280, "height": 720}, bypass_csp=True)
        page = context.new_page()
        page.goto(path.resolve().as_uri())
        page.wait_for_function("globalThis.pase")
        page.click("#play")
        page.wait_for_timeout(2000)
        shown, drawn, share = page.evaluate(COUNT, seconds)
        browser.close()
    return shown, drawn, share


def main() -> None:
    """Print one line per page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pages", nargs="+", type=Path, metavar="VIEWER")
    parser.add_argument("--seconds", type=float, default=5.0)
    known = parser.parse_args()
    print("| page | MB | pictures/s possible | drawn | resolution |\n|---|---|---|---|---|")
    for path in known.pages:
        shown, drawn, share = measure(path, known.seconds)
        size = path.stat().st_size / 1e6
        print(f"| {path} | {size:.2f} | {shown:.0f} | {drawn:.0f} | {share:.2f} |")


if __name__ == "__main__":
    main()
