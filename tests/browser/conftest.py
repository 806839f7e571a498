"""A real browser without a network: every request but to files is refused, and noted."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

NAMES = "chromium", "chromium-browser", "google-chrome", "chrome"
HOW = "no Chromium here: `apt install chromium` (Debian, Ubuntu), or name one in CHROMIUM=/path"


@pytest.fixture(scope="session")
def chromium():
    """Headless Chromium, driven by Playwright; skipped with a message where there is none."""
    api = pytest.importorskip("playwright.sync_api", reason="`pip install playwright` is missing")
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if path is None or not Path(path).exists():
        pytest.skip(HOW)
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_file(chromium):
    """Opens a file in a new window; at the end nothing may have failed and no host been asked."""
    contexts, troubles = [], []

    def refuse(route):
        troubles.append(f"asked for {route.request.url}")
        route.abort()

    def opened(path, width=1280, height=900, **options):
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        context.set_offline(True)
        context.route(lambda url: not url.startswith(("file:", "data:")), refuse)
        page = context.new_page()
        page.on("console", lambda m: troubles.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("requestfailed", lambda request: troubles.append(f"failed: {request.url}"))
        page.goto(Path(path).resolve().as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert troubles == []
