"""One JupyterLab, one Voila, one browser for all tests; a page that misbehaves fails its test."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest

from aunce_lib.explore import TEMPLATES

from .driving import Page

ROOT = Path(__file__).parents[2]
SHOTS = ROOT / "runs" / "browser"  # a screenshot a test, for people to look at
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
HOW = "no browser: `apt install chromium`, or set AUNCE_BROWSER to the path of one (Chrome will do)"
START = 180  # seconds that a server may take where others work too
QUIET = {"fetchNews": "false", "checkForUpdates": False}  # else JupyterLab asks, and looks outside


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in Path(item.fspath).parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser():
    """Chromium, without a window."""
    found = os.environ.get("AUNCE_BROWSER") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip(HOW)
    sync_api = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
    with sync_api.sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=found, args=options)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def served(tmp_path_factory):
    """The folder that is served: a copy of the notebooks, to which tests add their own."""
    folder = tmp_path_factory.mktemp("served")
    shutil.copytree(ROOT / "notebooks" / "solutions", folder / "solutions")
    return folder


@pytest.fixture(scope="session")
def environment(tmp_path_factory):
    """For servers and their kernels: nothing of the user's own settings, and none are left."""
    home = tmp_path_factory.mktemp("jupyter")
    wanted = home / "settings" / "@jupyterlab" / "apputils-extension"
    wanted.mkdir(parents=True)
    (wanted / "notification.jupyterlab-settings").write_text(json.dumps(QUIET))
    folders = {"JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "workspaces"}
    folders |= {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_RUNTIME_DIR": "runtime"}
    folders |= {"JUPYTER_DATA_DIR": "data", "IPYTHONDIR": "ipython"}
    paths = {name: str(home / folder) for name, folder in folders.items()}
    environment = {**os.environ, **paths, "OMP_NUM_THREADS": "1"}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), environment.get("PYTHONPATH", "")])
    environment.pop("MPLBACKEND", None)  # the tests' own would keep figures out of notebooks
    return environment


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


def _serve(command: list[str], url: str, environment: dict, log: Path):
    """Start a server; wait until it answers; end it afterwards, with its kernels."""
    with open(log, "wb") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", *command], stdout=output, stderr=output, env=environment
        )
    try:
        for _ in range(START * 4):
            if server.poll() is not None:
                raise RuntimeError(f"{command[0]} ended: {log.read_text()[-2000:]}")
            try:
                urllib.request.urlopen(url, timeout=2).close()
                break
            except OSError:
                time.sleep(0.25)
        else:
            raise RuntimeError(f"{command[0]} does not answer: {log.read_text()[-2000:]}")
        yield url
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:  # it waits for a page that is open
            server.kill()
            server.wait()


@pytest.fixture(scope="session")
def lab(browser, served, environment, tmp_path_factory):
    """Address of a JupyterLab without a password: for these tests alone, on this machine alone."""
    port = _free_port()
    command = ["jupyterlab", "--no-browser", "--ip=127.0.0.1", f"--port={port}", "--allow-root"]
    command += [f"--ServerApp.root_dir={served}", "--LabApp.expose_app_in_browser=True"]
    command += ["--IdentityProvider.token=", "--ServerApp.password="]
    command += ["--ServerApp.disable_check_xsrf=True", "--LabApp.extension_manager=readonly"]
    log = tmp_path_factory.mktemp("log") / "lab.txt"
    yield from _serve(command, f"http://127.0.0.1:{port}", environment, log)


@pytest.fixture(scope="session")
def voila(browser, served, environment, tmp_path_factory):
    """Address of a Voila that serves the same folder."""
    port = _free_port()
    command = ["voila", str(served), "--no-browser", "--Voila.ip=127.0.0.1", f"--port={port}"]
    # Voila's own template fetches a font of icons from elsewhere; that of `aunce explore` does not
    command += ["--template=aunce"]
    environment = environment | {"JUPYTER_PATH": str(TEMPLATES)}
    log = tmp_path_factory.mktemp("log") / "voila.txt"
    yield from _serve(command, f"http://127.0.0.1:{port}", environment, log)


@pytest.fixture
def write(served):
    """Write a notebook of these cells into the served folder; returns its name."""

    def write(name: str, *cells: str) -> str:
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(notebook, served / f"{name}.ipynb")
        return f"{name}.ipynb"

    return write


@pytest.fixture(scope="session")
def _tab(browser):
    """One tab for all tests: JupyterLab itself takes seconds to load."""
    return Page(browser.new_page(viewport={"width": 1400, "height": 1800}))


@pytest.fixture
def page(_tab, request):
    """The tab, empty of complaints. Whatever a page did that it must not fails the test."""
    _tab.complaints.clear()
    yield _tab
    SHOTS.mkdir(parents=True, exist_ok=True)
    _tab.tab.screenshot(path=SHOTS / f"{request.node.name.replace('/', '-')}.png")
    _tab.close_notebooks()
    assert not _tab.complaints
