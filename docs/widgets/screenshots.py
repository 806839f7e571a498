"""Photographs the widgets of the course: `python docs/widgets/screenshots.py [NAME ...]`.

A page of all states in `scenes.py` is served by Voila on this machine and photographed by Chromium
(`AUNCE_BROWSER`, or what is found). The faces are synthetic, the encoders the shipped ones.
"""

from __future__ import annotations

import io
import itertools
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import nbformat.v4 as v4
from PIL import Image
from playwright.sync_api import sync_playwright
from scenes import SCENES, START, Scene

from aunce_lib.corpora import synthetic
from aunce_lib.explore import EXHIBIT, Exhibit, open_models

HERE = Path(__file__).parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
EXHIBITED = ("aunce-explorer", "aunce-thresholds")  # they show encoders, which takes a while
WIDTHS = {"aunce-explorer": 1180}  # of the page, pixels
WIDTH, HEIGHT = 960, 1600  # of the page for the others, pixels
SHARPNESS = 1.5  # pixels of the picture for one of the page
MOST = 80_000  # bytes of a picture
PATIENCE = 600  # seconds for the page: two dozen widgets are made
SETTLED = """async (root) => {
  let before = null, same = 0;  // the picture stays as it is for a dozen frames
  while (same < 12) {
    const now = root.innerHTML;
    same = now === before ? same + 1 : 0;
    before = now;
    await new Promise(requestAnimationFrame);
  }
}"""


def notebook(scenes: list[Scene]) -> v4.new_notebook:
    cells = [START, *(f"{scene.code}\nwidget" for scene in scenes)]
    made = v4.new_notebook(cells=[v4.new_code_cell(code) for code in cells])
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "", "language": "python"}
    return made


@contextmanager
def served(folder: Path):
    """Serve the folder; gives the address."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    command = [sys.executable, "-m", "voila", str(folder), "--no-browser", "--Voila.ip=127.0.0.1"]
    environment = {**os.environ, EXHIBIT: str(folder / "exhibit")}
    server = subprocess.Popen(
        [*command, f"--port={port}", "--theme=light", "--Voila.log_level=ERROR"], env=environment
    )
    try:
        address, ends = f"http://127.0.0.1:{port}", time.monotonic() + PATIENCE
        while time.monotonic() < ends and server.poll() is None:
            try:
                urllib.request.urlopen(address, timeout=5).close()
                break
            except OSError:
                time.sleep(0.5)
        yield address
    finally:
        server.terminate()
        server.wait(30)


def photograph(address: str, scenes: list[Scene]) -> None:
    """Save each scene's picture as soon as it is there."""
    found = os.environ.get("AUNCE_BROWSER") or next(filter(None, map(shutil.which, BROWSERS)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        page = browser.new_page(
            viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=SHARPNESS
        )
        page.set_default_timeout(1000 * PATIENCE)
        page.goto(f"{address}/voila/render/widgets.ipynb")
        for number, scene in enumerate(scenes, 1):
            root = page.locator(f"[cell-index='{number + 1}'] .{scene.root}").first
            page.set_viewport_size({"width": WIDTHS.get(scene.root, WIDTH), "height": HEIGHT})
            root.wait_for()
            root.scroll_into_view_if_needed()
            if scene.hand:
                root.evaluate(scene.hand)
            root.evaluate(SETTLED)
            picture = Image.open(io.BytesIO(root.screenshot())).convert("RGB")
            save(picture, HERE / f"{scene.name}.webp")
        browser.close()


def save(picture: Image.Image, path: Path) -> None:
    """As WebP of at most `MOST` bytes: rather smaller than smeared."""
    for share, quality in itertools.product((1.0, 0.85, 0.72, 0.6, 0.5), (90, 80, 70)):
        size = (round(picture.width * share), round(picture.height * share))
        shrunk = picture.resize(size, Image.Resampling.LANCZOS)
        buffer = io.BytesIO()
        shrunk.save(buffer, "webp", quality=quality, method=6)
        if buffer.tell() <= MOST:
            break
    path.write_bytes(buffer.getvalue())
    print(f"{path.name}: {shrunk.size}, {buffer.tell():,} bytes, quality {quality}", flush=True)


def main(names: list[str]) -> None:
    scenes = [s for s in SCENES if not names or any(s.name.startswith(name) for name in names)]
    with tempfile.TemporaryDirectory(prefix="aunce-widgets-") as temporary:
        folder = Path(temporary)
        (folder / "exhibit").mkdir()
        if any(scene.root in EXHIBITED for scene in scenes):
            faces = synthetic.load("synth-bp4d", "small")
            Exhibit.make(folder / "exhibit", open_models(None), faces)
        (folder / "widgets.ipynb").write_text(v4.writes(notebook(scenes)))
        with served(folder) as address:
            photograph(address, scenes)


if __name__ == "__main__":
    main(sys.argv[1:])
