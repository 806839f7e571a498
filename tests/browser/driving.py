"""Driving a page: open a notebook, run it, ask its kernel, move its widgets, look at them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from urllib.parse import urlsplit

WAIT = 120  # seconds for one thing to happen where others work too
RUN = 900  # seconds for a whole notebook
HANDLE = ".noUi-handle"  # of a slider

#: Roles of what a hand, or the keyboard, can use.
CONTROLS = (
    "button",
    "checkbox",
    "combobox",
    "radio",
    "searchbox",
    "slider",
    "spinbutton",
    "textbox",
    "application",
)

ASK = """async (code) => {
  const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  const future = kernel.requestExecute({code, store_history: false});
  let told = '';
  future.onIOPub = (message) => {
    const content = message.content;
    if (message.header.msg_type === 'stream' && content.name === 'stdout') told += content.text;
    if (message.header.msg_type === 'error') told += 'ERROR ' + content.ename + content.evalue;
  };
  await future.done;
  return told;
}"""

ERRORS = """() => {
  const cells = [...window.jupyterapp.shell.currentWidget.content.model.cells];
  return cells.filter(cell => cell.type === 'code').flatMap(cell =>
    cell.outputs.toJSON().filter(output => output.output_type === 'error')
      .map(output => output.ename + ': ' + output.evalue));
}"""

READY = """() => {
  const context = window.jupyterapp?.shell.currentWidget?.sessionContext;
  return context?.isReady && context.session?.kernel?.status === 'idle';
}"""

#: Each control that carries a class of ours: whether one sees it, its place, its name.
STRUCTURE = """(root) => [...root.querySelectorAll('[class*="aunce-"]')].map(one => {
  const box = one.getBoundingClientRect();
  return {
    name: [...one.classList].find(name => name.startsWith('aunce-')),
    seen: one.checkVisibility() && box.width > 0 && box.height > 0,
    left: box.left, right: box.right,
  };
})"""

CLOSE = """async () => {
  const app = window.jupyterapp;
  if (!app) return;
  await app.serviceManager.sessions.shutdownAll();
  for (const one of [...app.shell.widgets('main')]) {
    if (one.context) await one.context.save();
    one.close();
  }
}"""


class Page:
    """A tab of the browser.

    Attributes:
        tab: Playwright's page.
        complaints: Console errors, errors of the page, and requests to other machines.
    """

    def __init__(self, tab) -> None:
        self.tab, self.complaints = tab, []
        tab.set_default_timeout(1000 * WAIT)
        tab.on("console", self._on_console)
        tab.on("pageerror", lambda error: self.complaints.append(f"page error: {error}"))
        tab.on("request", self._on_request)

    def _on_console(self, message) -> None:
        if message.type == "error":
            self.complaints.append(f"console: {message.text} {message.location.get('url', '')}")

    def _on_request(self, request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and parts.hostname != "127.0.0.1":
            self.complaints.append(f"request to another machine: {request.url}")

    def open(self, lab: str, path: str) -> None:
        """Open a notebook in JupyterLab and wait for its kernel."""
        if not self.tab.url.startswith(lab):
            self.tab.goto(f"{lab}/lab")
            self.tab.wait_for_function("() => window.jupyterapp?.restored")
            self.tab.evaluate("() => window.jupyterapp.restored")
        opening = "path => window.jupyterapp.commands.execute('docmanager:open', {path})"
        self.tab.evaluate(opening, path)
        self.tab.wait_for_function(READY)

    def run_all(self) -> list[str]:
        """Run every cell; returns the errors."""
        self.tab.set_default_timeout(1000 * RUN)
        try:
            self.tab.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
            self.tab.wait_for_function(READY)
        finally:
            self.tab.set_default_timeout(1000 * WAIT)
        return self.tab.evaluate(ERRORS)

    def ask(self, expression: str):
        """A value of the kernel, as JSON holds it."""
        told = self.tab.evaluate(ASK, f"import json; print(json.dumps({expression}))")
        if not told or told.startswith("ERROR"):
            raise AssertionError(f"{expression}: {told or 'no answer'}")
        return json.loads(told)

    def find(self, selector: str):
        """The first element, scrolled into view."""
        found = self.tab.locator(selector).first
        found.scroll_into_view_if_needed()
        return found

    def controls(self, selector: str) -> list[tuple[str, str]]:
        """Role and accessible name of every control within an element, as a screen reader gets."""
        session = self.tab.context.new_cdp_session(self.tab)
        expression = {"expression": f"document.querySelector({json.dumps(selector)})"}
        root = session.send("Runtime.evaluate", expression)["result"]["objectId"]
        nodes = session.send("Accessibility.queryAXTree", {"objectId": root})["nodes"]
        session.detach()
        told = [
            (n["role"]["value"], n.get("name", {}).get("value", ""))
            for n in nodes
            if not n["ignored"]
        ]
        return [(role, name.strip()) for role, name in told if role in CONTROLS]

    def press(self, selector: str, keys: str) -> None:
        """Focus a control, or the handle of a slider, and press keys one after the other."""
        control = self.find(selector)
        handle = control.locator(HANDLE)
        control = handle.first if handle.count() else control
        control.focus()
        for key in keys.split():
            control.press(key)

    def drag(self, selector: str, to_right: float) -> None:
        """Drag the handle of a slider by the mouse, in shares of the slider's width."""
        slider = self.find(selector).locator(".noUi-base").first
        handle = self.find(selector).locator(HANDLE).first.bounding_box()
        x, y = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
        self.tab.mouse.move(x, y)
        self.tab.mouse.down()
        self.tab.mouse.move(x + to_right * slider.bounding_box()["width"], y, steps=4)
        self.tab.mouse.up()

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for something to become true."""
        ends = time.monotonic() + WAIT
        while not condition():
            assert time.monotonic() < ends, f"waited {WAIT} s for {what}"
            self.tab.wait_for_timeout(150)

    def close_notebooks(self) -> None:
        """Close all notebooks and end their kernels."""
        self.tab.evaluate(CLOSE)
