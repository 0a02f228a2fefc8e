# ruff: noqa: E501 - tables of data
"""The HTML report in a real browser: silent, fitting, readable in both schemes, complete without script."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from squall.report import html
from squall.report.build import build

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium"),
]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
OUTCOMES = ("HELD", "BROKEN", "INCONCLUSIVE", "ABORTED", "NOT_RESTORED", "REFUSED")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The address of each sample's report."""
    path = Path(__file__).parents[1] / "report" / "samples.py"
    spec = importlib.util.spec_from_file_location("samples", path)
    assert spec is not None and spec.loader is not None
    samples = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(samples)
    folder = tmp_path_factory.mktemp("reports")
    addresses = {}
    for outcome, result in samples.all_results().items():
        file = folder / f"{outcome}.html"
        file.write_text(html.render(build(result)), encoding="utf-8")
        addresses[outcome] = file.as_uri()
    return addresses


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as api:
        chromium = api.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield chromium
        chromium.close()


def _context(browser: Browser, width: int, scheme: str = "light", script: bool = True) -> BrowserContext:
    return browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
        java_script_enabled=script,
    )


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_the_page_is_silent_and_fits_every_width(browser: Browser, pages: dict[str, str], outcome: str) -> None:
    with _context(browser, 1400) as context:
        page = context.new_page()
        said: list[str] = []
        asked: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(pages[outcome])
        for width in (1400, 1000, 760, 400, 320):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, width
        assert said == []
        assert asked == [pages[outcome]]


CONTRAST = """
() => {
  const parse = (text) => {
    const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number);
    return [r, g, b, a];
  };
  const over = (top, under) => [0, 1, 2].map((i) => top[i] * top[3] + under[i] * (1 - top[3])).concat(1);
  const ground = (el) => {
    const layers = [];
    for (let at = el; at; at = at.parentElement) layers.push(parse(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((under, top) => over(top, under), [255, 255, 255, 1]);
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((c) => c / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const low = [];
  for (const el of document.querySelectorAll("h1,h2,h3,p,dt,dd,td,th,li,b,code,span,figcaption,summary,svg.chart text")) {
    if (!el.textContent.trim() || !el.getClientRects().length) continue;
    const style = getComputedStyle(el);
    const under = ground(el);
    const ink = parse(el.closest("svg") ? style.fill : style.color);
    ink[3] *= Number(style.opacity);
    const [a, b] = [luminance(over(ink, under)), luminance(under)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) low.push(`${el.tagName}.${el.className.baseVal ?? el.className}: ${ratio.toFixed(2)} ${el.textContent.slice(0, 30)}`);
  }
  return low;
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_every_text_can_be_read_in_both_schemes(
    browser: Browser, pages: dict[str, str], outcome: str, scheme: str
) -> None:
    with _context(browser, 1400, scheme) as context:
        page = context.new_page()
        page.goto(pages[outcome])
        assert page.evaluate(CONTRAST) == []


@pytest.mark.parametrize("width", [400, 1000, 1400])
def test_the_charts_have_a_size_and_their_words_can_be_read(
    browser: Browser, pages: dict[str, str], width: int
) -> None:
    with _context(browser, width) as context:
        page = context.new_page()
        page.goto(pages["BROKEN"])
        boxes = [chart.bounding_box() for chart in page.locator("svg.chart:visible").all()]
        assert len(boxes) == 1 + 9
        assert all(box is not None and box["width"] >= 280 and box["height"] >= 90 for box in boxes)
        size = "(t) => t.getBoundingClientRect().height"
        heights = [text.evaluate(size) for text in page.locator("svg.chart:visible text").all()[:40]]
        assert min(heights) >= 9


def test_the_page_is_complete_without_script(browser: Browser, pages: dict[str, str]) -> None:
    with _context(browser, 1400, script=False) as context:
        page = context.new_page()
        page.goto(pages["BROKEN"])
        assert page.locator(".word").inner_text() == "Broken"
        assert page.locator("svg.chart:visible").count() == 10
        assert page.locator("svg.chart .hit > title").count() > 100
        page.locator("summary").click()
        assert page.locator("details li:visible").count() == 13


def test_pointing_at_a_chart_says_its_numbers(browser: Browser, pages: dict[str, str]) -> None:
    with _context(browser, 1400) as context:
        page = context.new_page()
        page.goto(pages["BROKEN"])
        page.locator("svg.chart:visible .hit").nth(5).hover()
        assert "20 readings" in page.locator(".tip:visible").inner_text()


def test_print_is_on_white_with_all_events(browser: Browser, pages: dict[str, str]) -> None:
    with _context(browser, 760, "dark") as context:
        page = context.new_page()
        page.goto(pages["BROKEN"])
        page.emulate_media(media="print", color_scheme="dark")
        white = ("rgba(0, 0, 0, 0)", "rgb(255, 255, 255)")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") in white
        assert page.evaluate("getComputedStyle(document.body).color") == "rgb(27, 30, 36)"
        assert len(page.pdf(prefer_css_page_size=True)) > 10_000
