"""The page in a real Chromium: nothing injected runs, filters and keys work, ten thousand tests open."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import msgspec
import pytest

from brinell.reports.html import html

_SPEC = importlib.util.spec_from_file_location("brinell_test_browser", Path(__file__).with_name("browser.py"))
browser_module = importlib.util.module_from_spec(_SPEC)
sys.modules["brinell_test_browser"] = browser_module
_SPEC.loader.exec_module(browser_module)

pytestmark = [
    pytest.mark.prove,
    pytest.mark.skipif(browser_module.PATH is None, reason="chromium is not installed"),
]


@pytest.fixture(scope="module")
def browser():
    with browser_module.Browser() as found:
        yield found


@pytest.fixture(scope="module")
def pages(build, tmp_path_factory):
    """Write the pages once; return their paths by name."""
    folder = tmp_path_factory.mktemp("pages")
    for name in ("realistic", "hostile", "many", "passing", "empty"):
        (folder / f"{name}.html").write_text(html(getattr(build, name)()), encoding="utf-8")
    return {path.stem: path for path in folder.iterdir()}


def problems(browser):
    """Return what the console, the policy and the network have to say since the last call."""
    said = [e for e in browser.events if e["method"] in {"Log.entryAdded", "Runtime.exceptionThrown"}]
    asked = [
        e["params"]["request"]["url"]
        for e in browser.events
        if e["method"] == "Network.requestWillBeSent"
        and not e["params"]["request"]["url"].startswith(("file:", "about:"))
    ]
    browser.events.clear()
    return said + asked


def shown(browser):
    return browser.ask("document.querySelector('#shown').textContent")


def visible_bugs(browser):
    return browser.ask("[...document.querySelectorAll('.bug')].filter((b) => !b.hidden).map((b) => b.dataset.severity)")


@pytest.mark.parametrize("name", ["realistic", "hostile", "many", "passing", "empty"])
def test_a_page_opens_without_a_complaint_or_a_request(browser, pages, name):
    browser.open(pages[name])
    assert browser.ask("document.documentElement.className") == "js"
    assert problems(browser) == []


def test_nothing_injected_runs_even_when_everything_was_drawn_and_clicked(browser, pages):
    browser.open(pages["hostile"])
    for _ in range(3):
        browser.ask("document.querySelector('#more')?.click()")
    browser.ask("for (const node of document.querySelectorAll('details')) node.open = true")
    browser.ask("for (const node of document.querySelectorAll('main a, .urgency a, button')) node.click()")
    browser.ask("new Promise((done) => setTimeout(done, 50))")
    assert browser.ask("document.documentElement.dataset.owned ?? null") is None
    assert browser.ask("document.querySelectorAll('img, iframe, object, embed, link, base, svg script').length") == 0
    assert browser.ask("document.scripts.length") == 2
    assert browser.ask("location.protocol") == "file:"


def test_the_policy_stops_code_that_gets_in_all_the_same(browser, pages):
    browser.open(pages["realistic"])
    browser.ask(
        """(() => {
        const script = document.createElement('script');
        script.textContent = 'document.documentElement.dataset.owned = 1';
        document.body.append(script);
        const button = document.createElement('div');
        button.setAttribute('onclick', 'document.documentElement.dataset.owned = 2');
        document.body.append(button);
        button.click();
        })()"""
    )
    assert browser.ask("document.documentElement.dataset.owned ?? null") is None
    problems(browser)


def test_severities_filter_the_bugs(browser, pages):
    browser.open(pages["realistic"])
    assert visible_bugs(browser) == ["P0", "P2", "P3"]
    browser.ask("document.querySelector('.urgency a[data-severity=P2]').click()")
    browser.wait("location.hash === '#P2' && document.querySelector('.bug').hidden")
    assert visible_bugs(browser) == ["P2"]
    browser.open(pages["realistic"], "#P1")
    assert visible_bugs(browser) == []
    assert "0 of 3 bugs" in browser.ask("document.querySelector('#bugs-shown').textContent")


def test_the_state_is_in_the_address(browser, pages):
    browser.open(pages["many"], "#tests/failed")
    assert shown(browser) == "5 of 10,002 tests"
    browser.open(pages["many"], "#tests?q=orders+!010&category=unit&sort=time")
    assert browser.ask("document.querySelector('#search').value") == "orders !010"
    rows = browser.ask("[...document.querySelectorAll('#list tbody tr')].map((row) => row.children[1].textContent)")
    assert len(rows) == 50
    assert all("orders" in row and "010" not in row.split("::")[0] for row in rows)
    browser.open(pages["many"], "#tests?bug=B-3f2a91")
    assert shown(browser) == "4 of 10,002 tests of bug B-3f2a91"


def test_typing_filters_and_writes_the_address(browser, pages):
    browser.open(pages["many"])
    assert shown(browser) == "10,002 of 10,002 tests"
    browser.ask(
        "(() => { const s = document.querySelector('#search'); s.value = 'idempotent';"
        "s.dispatchEvent(new Event('input')); })()"
    )
    assert shown(browser) == "1 of 10,002 tests"
    assert browser.ask("location.hash") == "#tests?q=idempotent"


def test_keys(browser, pages):
    browser.open(pages["many"])
    browser.press("f")
    assert browser.ask("location.hash") == "#tests/failed"
    assert shown(browser) == "5 of 10,002 tests"
    browser.press("a")
    assert shown(browser) == "10,002 of 10,002 tests"
    browser.press("/")
    assert browser.ask("document.activeElement.id") == "search"
    browser.press("f")
    assert browser.ask("document.querySelector('#search').value") == "f"
    browser.press("Escape")
    assert browser.ask("document.activeElement.id") != "search"
    browser.press("j")
    browser.press("j")
    assert browser.ask("document.activeElement.dataset.severity") == "P2"
    browser.press("k")
    assert browser.ask("document.activeElement.dataset.severity") == "P0"


def test_rows_are_drawn_a_part_at_a_time(browser, pages):
    browser.open(pages["many"])
    count = "document.querySelectorAll('#list tbody tr').length"
    assert browser.ask(count) == 50
    browser.ask("document.querySelector('#more').click()")
    assert browser.ask(count) == 250


def test_sorting_by_time_puts_the_slowest_first(browser, pages):
    browser.open(pages["many"])
    browser.ask("document.querySelector('#list button[data-sort=time]').click()")
    assert browser.ask("document.querySelector('#list th[aria-sort]').textContent") == "Time"
    times = browser.ask(
        "[...document.querySelectorAll('#list tbody tr')].map((r) => parseFloat(r.children[3].textContent))"
    )
    assert times == sorted(times, reverse=True)


def values(browser, figure):
    return browser.ask(f"[...document.querySelectorAll('{figure} [data-value]')].map((node) => node.textContent)")


def test_one_cross_hair_tells_the_values_of_all_panels_to_mouse_and_keyboard(browser, pages):
    browser.open(pages["realistic"], "#load")
    whole = values(browser, ".course")
    browser.ask("document.querySelector('.course').scrollIntoView()")
    box = browser.ask(
        "(() => { const r = document.querySelector('.course .plot').getBoundingClientRect();"
        "return [r.left + r.width / 2, r.top + 100]; })()"
    )
    browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=box[0], y=box[1])
    assert browser.ask("document.querySelector('.course .at').textContent").startswith("at ")
    pointed = values(browser, ".course")
    assert pointed != whole
    assert any(text.endswith("/s") for text in pointed)
    browser.ask("document.querySelector('.course .panels').focus()")
    browser.press("Home")
    assert browser.ask("document.querySelector('.course .at').textContent") == "at 0 s"
    browser.press("ArrowRight")
    assert "at 1 s: p50" in browser.ask("document.querySelector('.course [role=status]').textContent")
    browser.press("Escape")
    assert values(browser, ".course") == whole


def test_the_cross_hair_stands_where_the_moment_is_drawn(browser, pages):
    browser.open(pages["realistic"], "#load")
    browser.ask("document.querySelector('.course .panels').focus()")
    for key, share in (("Home", 0.5 / 30), ("End", 29.5 / 30)):
        browser.press(key)
        found = browser.ask(
            "(() => { const r = document.querySelector('.course .plot').getBoundingClientRect();"
            "return (document.querySelector('.cross').getBoundingClientRect().left - r.left) / r.width; })()"
        )
        assert abs(found - share) < 0.005


def odd_series(build, length, **columns):
    """Return the realistic judgement with one scenario whose series is ``length`` seconds of something odd."""
    judgement = build.realistic()
    series = msgspec.structs.replace(build._series(length, 80.0, 1000), **columns)
    load = msgspec.structs.replace(judgement.load[0], series=series, timeline=None)
    return msgspec.structs.replace(judgement, load=(load,))


@pytest.mark.parametrize(
    ("length", "columns"),
    [
        (1, {}),
        (2, {"p50_ms": (0.0, 0.0), "max_ms": (None, 0.0), "rate": (0.0, 0.0)}),
        (3, dict.fromkeys(("p50_ms", "p95_ms", "p99_ms", "max_ms", "cpu", "rss_bytes"), (None,) * 3)),
        (90_000, {}),
    ],
)
def test_odd_series_are_drawn_without_a_complaint(browser, build, tmp_path, length, columns):
    page = tmp_path / "page.html"
    page.write_text(html(odd_series(build, length, **columns)), encoding="utf-8")
    browser.open(page, "#load")
    for key in ("Home", "ArrowRight", "End"):
        browser.ask("document.querySelector('.course .panels')?.focus()")
        browser.press(key)
        drawn = browser.ask("document.querySelector('#load').outerHTML")
        assert "NaN" not in drawn
        assert "Infinity" not in drawn
    assert problems(browser) == []


@pytest.mark.parametrize("name", ["realistic", "hostile", "many"])
@pytest.mark.parametrize("width", [400, 1280])
def test_nothing_is_wider_than_the_window(browser, pages, name, width):
    browser.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
    browser.open(pages[name])
    assert browser.ask("document.documentElement.scrollWidth") <= width
    browser.call("Emulation.clearDeviceMetricsOverride")


def test_without_scripts_the_essentials_stand_there(browser, pages):
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.call("Page.navigate", url=pages["realistic"].as_uri())
        browser.wait("document.readyState === 'complete' && location.protocol === 'file:'")
        assert browser.ask("document.documentElement.className") == ""
        assert browser.ask("document.querySelectorAll('.course path.p99:not(.under)').length") == 2
        tree = browser.call("Accessibility.getFullAXTree")["nodes"]
        names = {node.get("name", {}).get("value", "") for node in tree if not node["ignored"]}
        assert "Not ready" in names
        assert "Copy" not in names
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)
