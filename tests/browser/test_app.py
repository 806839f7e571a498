"""The page of `aunce explore`: explorer, playground and threshold explorer, without a notebook."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time

import pytest

from .driving import Page
from .steps import Lasso

VIEW = "document.querySelector('.aunce-explorer').explorer"
PATIENCE = 300  # seconds until the page is served: encoders are opened, faces placed


@pytest.fixture
def app_address(demo_folder, tmp_path):
    """`aunce explore` on a demo; its address."""
    pytest.importorskip("voila", reason="pip install 'aunce-lib[app]'")
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "aunce_lib.cli", "explore", str(demo_folder)]
    command += ["--port", str(port), "--browser", "false", "--faces", "60"]
    log, found = tmp_path / "log", None
    with log.open("w") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, env=environment, start_new_session=True
        )
    try:
        ends = time.monotonic() + PATIENCE
        while not found and process.poll() is None and time.monotonic() < ends:
            found = re.search(rf"http://127\.0\.0\.1:{port}/\S*", log.read_text())
            time.sleep(0.25)
        assert found, log.read_text()
        yield found[0]
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


@pytest.fixture
def app(app_address, browser):
    """The page in a window of its own, which may not complain."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    page = Page(context.new_page())
    page.tab.goto(app_address)
    yield page
    context.close()
    assert page.complaints == []


def test_the_app_shows_explorer_playground_and_thresholds(app, app_address):
    app.find(".aunce-explorer-map")
    app.tab.wait_for_function(f"() => {VIEW}.drawn > 0")
    Lasso("map", {}, radius=0.4).do(app, "aunce-explorer")
    app.tab.wait_for_function(f"() => {VIEW}.near?.length === 2")  # so the kernel answers
    chosen = app.tab.evaluate(f"() => {VIEW}.chosen.length")
    app.find(".aunce-explorer-selection").get_by_text(f"Selection: {chosen} face").wait_for()

    app.tab.get_by_role("button", name="Face playground").click()
    caption = app.find(".aunce-playground-caption")
    app.press(".aunce-playground-au4", "End")
    caption.get_by_text("AU4 brow lowerer, AU6 cheek raiser, AU12").first.wait_for()

    app.tab.get_by_role("button", name="Threshold explorer").click()
    caption = app.find(".aunce-thresholds-caption")
    before = caption.text_content()
    app.press(".aunce-thresholds-threshold", "Home")
    app.until(lambda: caption.text_content() != before, "the counts to change")
    for root in (".aunce-explorer", ".aunce-playground", ".aunce-thresholds"):
        controls = app.controls(root)
        assert all(name for _, name in controls), controls

    stranger = app.tab.context.browser.new_context()
    try:
        page = stranger.new_page()
        page.goto(app_address.partition("?")[0])
        assert "login" in page.url  # without the secret
    finally:
        stranger.close()
