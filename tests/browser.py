"""A real Chromium for tests of pages, or None where there is none."""

import io
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-quic",
    "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


@contextmanager
def chromium() -> Iterator[Any]:
    """Debian's Chromium under Playwright; the test is skipped where one of them is missing."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("there is no Chromium here: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


def screenshot(path: Path, hidden: str = "") -> np.ndarray:
    """(H, W, 3) of the top of a page that fits a phone and can be printed; elements of a selector are hidden.

    Fails where anything on it is wider than a phone's screen.
    """
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1000, "height": 1100})
        page.goto(path.as_uri())
        if hidden:
            page.add_style_tag(content=f"{hidden} {{ visibility: hidden }}")
        page.wait_for_timeout(300)
        shot = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, "the page is wider than a phone"
        assert len(page.pdf(format="A4")) > 10_000
    return shot
