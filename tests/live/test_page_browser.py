"""The page that is shown of a run, in a real Chromium: it follows, keeps its place and outlives the run."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from brinell.core.histogram import Histogram
from brinell.core.load_records import GeneratorSecond, LoadSlice, LoadStarted
from brinell.core.observation import Envelope, StepStarted
from brinell.live import page_server
from brinell.live.page import RunPage
from brinell.reports.html import html

_REPORTS = Path(__file__).parents[1] / "reports"


def _loaded(name):
    spec = importlib.util.spec_from_file_location(f"brinell_test_live_{name}", _REPORTS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


browser_module = _loaded("browser")

pytestmark = [
    pytest.mark.prove,
    pytest.mark.skipif(browser_module.PATH is None, reason="chromium is not installed"),
]
HOSTILE = "<img src=x onerror=\"document.documentElement.dataset.owned='1'\"><script>x</script>"


@pytest.fixture(scope="module")
def browser():
    with browser_module.Browser() as found:
        yield found


class Run:
    """A run of one scenario that goes on a second at a time."""

    def __init__(self):
        self.page = RunPage("shop", ("load:browse",))
        self.second = 0
        self.tell(StepStarted("load:browse"))
        self.tell(LoadStarted(HOSTILE, "open", HOSTILE, 0, 30.0, 10.0, 4, 1, 5.0))

    def tell(self, record):
        self.page.watch(Envelope(1, 1, "load:browse", 0, 0, record))

    def go_on(self):
        made = Histogram()
        made.record(10_000_000, 10)
        for outcome in ("ok", HOSTILE):
            sparse = made.sparse()
            self.tell(LoadSlice(0, self.second, HOSTILE, outcome, 10, sparse, sparse, made.max_ns, made.max_ns))
        self.tell(GeneratorSecond(0, self.second, 20, 20, 0.2, made.sparse(), made.max_ns))
        self.second += 1


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setattr(page_server, "EVERY_S", 0.1)
    made = Run()
    yield made
    made.page.close()


def problems(browser):
    said = [e for e in browser.events if e["method"] in {"Log.entryAdded", "Runtime.exceptionThrown"}]
    asked = [
        e["params"]["request"]["url"] for e in browser.events
        if e["method"] == "Network.requestWillBeSent"
        and not e["params"]["request"]["url"].startswith(("http://127.0.0.1:", "blob:http://127.0.0.1:", "about:"))
    ]  # fmt: skip
    browser.events.clear()
    return said + asked


DRAWN = "document.querySelectorAll('.course .plot .heat path').length > 0"


def test_it_follows_keeps_the_cross_hair_and_outlives_the_run(browser, run):
    judgement = _loaded("judgements").realistic()
    run.go_on()
    run.go_on()
    problems(browser)
    browser.go(run.page.url)
    browser.wait(DRAWN)
    browser.ask("document.querySelector('.course .panels').focus()")
    browser.press("Home")
    assert browser.ask("document.querySelector('.course .at').textContent") == "at 0 s"
    before = browser.ask("document.querySelector('.course path.p99:not(.under)').getAttribute('d')")
    run.go_on()
    browser.wait(f"document.querySelector('.course path.p99:not(.under)').getAttribute('d') !== {before!r}")
    assert browser.ask("document.querySelector('.course .at').textContent") == "at 0 s"
    assert browser.ask("document.activeElement.className") == "panels"
    assert browser.ask("document.querySelector('#state').textContent") == "Live"
    run.page.finish(judgement, "runs/x/report.html", html(judgement))
    browser.wait("document.querySelector('#report-place a')")
    assert browser.ask("document.querySelector('h1').textContent") == "Not ready"
    assert "has ended" in browser.ask("document.querySelector('#state').textContent")
    assert problems(browser) == []
    # The run's process would be gone by now: the report is in the page.
    browser.ask("(() => { const a = document.querySelector('#report-place a'); a.target = '_self'; a.click(); })()")
    browser.wait("location.protocol === 'blob:' && document.documentElement?.className === 'js'")
    assert browser.ask("document.querySelectorAll('.course').length") == 2
    assert problems(browser) == []


def test_nothing_from_outside_runs_or_becomes_an_element(browser, run):
    run.go_on()
    browser.go(run.page.url)
    browser.wait(DRAWN)
    assert HOSTILE in browser.ask("document.querySelector('main').textContent")
    assert browser.ask("document.querySelectorAll('main img, main script, main iframe').length") == 0
    assert browser.ask("document.documentElement.dataset.owned ?? null") is None


@pytest.mark.parametrize("width", [360, 1280])
def test_it_fits_a_telephone(browser, run, width):
    run.go_on()
    browser.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
    browser.go(run.page.url)
    browser.wait(DRAWN)
    assert browser.ask("document.documentElement.scrollWidth") <= width
    browser.call("Emulation.clearDeviceMetricsOverride")


def test_a_run_that_is_gone_without_a_word_is_said_to_be(browser, run):
    run.go_on()
    browser.go(run.page.url)
    browser.wait(DRAWN)
    run.page._server._http.shutdown()
    run.page._server._http.server_close()
    for thread in run.page._server._threads:
        thread.join(1)
    browser.ask("source.dispatchEvent(new Event('error'))")
    assert "does not answer" in browser.ask("document.querySelector('#state').textContent")
    assert browser.ask(DRAWN)
