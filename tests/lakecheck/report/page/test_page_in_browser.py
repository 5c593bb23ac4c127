"""The page in a headless Chromium: by keyboard alone, searched, in light and dark, without script, with hostile names, and in silence."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import pytest

from lakecheck.report import page
from tests.lakecheck.report.page.browser import NAMES, Browser, executable
from tests.lakecheck.report.page.lakes import HOSTILE, everything

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("browser")

SECTIONS: Final = ("changes", "estate", "access", "invariants", "findings", "coverage", "limits", "acknowledgements")
FOCUSED: Final = "(document.activeElement.id || document.activeElement.textContent.trim())"

CONTRAST: Final = """
(() => {
  const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const channels = color => {
    context.clearRect(0, 0, 1, 1); context.fillStyle = '#000'; context.fillStyle = color; context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data];
  };
  const kept = new Map();
  const rgba = color => { if (!kept.has(color)) kept.set(color, channels(color)); return kept.get(color); };
  const light = ([r, g, b]) => [r, g, b].map(value => value / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, at) => sum + v * [.2126, .7152, .0722][at], 0);
  const ratio = (one, other) => { const [a, b] = [light(one), light(other)].sort((x, y) => y - x); return (a + .05) / (b + .05); };
  const behind = element => {
    if (element.ownerSVGElement) {
      const group = element.closest('a, g'), shape = group && group.querySelector('rect');
      const fill = shape && getComputedStyle(shape).fill;
      if (fill && fill !== 'none') return rgba(fill);
      element = element.ownerSVGElement;
    }
    for (let each = element; each; each = each.parentElement) {
      const color = rgba(getComputedStyle(each).backgroundColor);
      if (color[3] > 250) return color;
    }
    return [255, 255, 255, 255];
  };
  const found = new Map(), walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || !element.getClientRects().length || element.closest('script, style, title, option')) continue;
    const style = getComputedStyle(element), ink = rgba(element.ownerSVGElement ? style.fill : style.color);
    if (ink[3] < 10) continue;
    const paper = behind(element), value = ratio(ink, paper);
    found.set([ink, paper].join(), [value, element.className.baseVal ?? element.className, element.tagName, node.data.slice(0, 30)]);
  }
  return [...found.values()];
})()
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    path = executable()
    if path is None:
        missing = f"no Chromium: install one (apt-get install chromium) as {', '.join(NAMES)}, or name it in CHROMIUM"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    started = Browser(path, tmp_path_factory.mktemp("chromium"))
    yield started
    started.close()


def written(tmp_path_factory: pytest.TempPathFactory, name: str, spice: str = "") -> Path:
    file = tmp_path_factory.mktemp("page") / f"{name}.html"
    file.write_text("".join(page.render(everything(spice))), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory, "report")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory, "hostile", HOSTILE)


def visible(browser: Browser, selector: str) -> int:
    found: int = browser.run(f"[...document.querySelectorAll({selector!r})].filter(each => each.getClientRects().length).length")
    return found


def search(browser: Browser, words: str) -> None:
    browser.run("document.querySelector('#q').focus(); document.querySelector('#q').select()")
    browser.type(words)
    browser.run("new Promise(done => setTimeout(done, 0))")


def found_in(browser: Browser) -> dict[str, str]:
    entries = "[...document.querySelectorAll('section.part')].map(each => [each.id, each.querySelector('.found').textContent])"
    found: dict[str, str] = browser.run(f"Object.fromEntries({entries})")
    return {name: text for name, text in found.items() if not text.startswith("0 ")}


def test_nothing_leaves_and_nothing_complains(browser: Browser, file: Path) -> None:
    """The page itself is the only request, and neither console nor content policy has anything to say while it is used."""
    browser.open(file)
    browser.press("/", "Escape")
    search(browser, "sales")
    browser.run("document.querySelector('.grid a').click(); document.querySelector('#theme').click()")
    assert browser.requests == [file.as_uri()]
    assert browser.complaints == []


def test_the_page_is_walked_by_tab_alone(browser: Browser, file: Path) -> None:
    """The skip link is first, then sections, search, theme, what is to be settled, changes, the map; what has the focus is seen."""
    browser.open(file)
    browser.press("Tab")
    assert browser.run(FOCUSED) == "Skip to the content"
    assert browser.run("document.activeElement.getBoundingClientRect().top") >= 0
    order = []
    for _ in range(14):
        browser.press("Tab")
        order.append(browser.run(FOCUSED).split("  ")[0].split(" ")[0])
        assert (
            browser.run("(style => style.outlineStyle + ' ' + style.outlineWidth)(getComputedStyle(document.activeElement))") == "solid 3px"
        )
    assert order[:10] == ["Changes", "Estate", "Access", "Invariants", "Findings", "Compliance", "Limits", "Acknowledgements", "q", "theme"]
    on_the_map = "document.activeElement.closest('.map') !== null"
    for _ in range(60):  # past what is to be settled and the changes
        browser.press("Tab")
        if browser.run(on_the_map):
            break
    assert browser.run(on_the_map)
    browser.press("Tab", shift=True)
    assert browser.run("document.activeElement !== document.body")


def test_the_skip_link_skips(browser: Browser, file: Path) -> None:
    """Enter on it leads past the navigation."""
    browser.open(file)
    browser.press("Tab", "Enter", "Tab")
    assert browser.run("document.querySelector('main').contains(document.activeElement)")


def test_a_link_of_the_navigation_leads_to_its_section(browser: Browser, file: Path) -> None:
    """Enter on it puts the focus on the section's heading, below the bar that sticks."""
    browser.open(file)
    browser.run("document.querySelector('nav a[href=\"#limits\"]').focus()")
    browser.press("Enter")
    browser.wait("document.activeElement.id === 'limits-h'")
    bar = browser.run("document.querySelector('.bar-top').getBoundingClientRect().bottom")
    assert bar - 1 <= browser.run("document.activeElement.getBoundingClientRect().top") < 900


def test_the_heat_map_is_one_stop_and_goes_by_arrows(browser: Browser, file: Path) -> None:
    """Arrows skip what is empty, Home and End go to the row's ends, Enter opens, Escape closes and gives the focus back."""
    browser.open(file)
    shown = "[...document.querySelectorAll('.grid')].find(grid => grid.getClientRects().length)"
    assert browser.run(f"[...{shown}.querySelectorAll('tbody a')].filter(link => link.tabIndex === 0).length") == 1
    browser.run(f"{shown}.querySelector('tbody a').focus()")
    where = "(cell => [cell.closest('tr').cells[0].textContent.split(' ')[0], cell.cellIndex])(document.activeElement.closest('td'))"
    walk = [browser.run(where)]
    for key in ("ArrowDown", "End", "ArrowLeft", "ArrowDown", "ArrowDown", "Home", "ArrowUp"):
        browser.press(key)
        walk.append(browser.run(where))
    assert walk == [
        ["role/Admin", 1],
        ["role/Analyst", 1],
        ["role/Analyst", 4],
        ["role/Analyst", 2],
        ["role/Odd", 2],
        ["role/Odd", 2],
        ["role/Odd", 2],
        ["role/Analyst", 2],
    ]
    browser.press("Enter")
    assert browser.run("document.querySelector('dialog').open")
    assert browser.run("document.querySelector('#drill-title').textContent").startswith("role/Analyst 444444444422 → travel.orders")
    body = browser.run("document.querySelector('#drill-body').textContent")
    assert "through Lake Formation" in body
    assert "rows where total > 5" in body
    assert "a grant to role/Analyst" in body
    assert browser.run("document.querySelector('dialog').contains(document.activeElement)")
    browser.press("Escape")
    assert not browser.run("document.querySelector('dialog').open")
    assert browser.run(where) == ["role/Analyst", 2]
    browser.press(" ")
    assert browser.run("document.querySelector('dialog').open")
    browser.press("Enter")
    assert browser.run(where) == ["role/Analyst", 2]


def test_a_cell_opens_all_its_ways(browser: Browser, file: Path) -> None:
    """One's own and those by way of others, with the condition in words."""
    browser.open(file)
    rows = "[...document.querySelectorAll('.grid tr')].filter(row => row.getClientRects().length)"
    browser.run(f"{rows}.find(row => /Analyst/.test(row.textContent)).querySelector('a').click()")

    assert browser.run("document.querySelectorAll('#drill-body article').length") >= 1
    body = browser.run("document.querySelector('#drill-body').textContent")
    assert "aws:SourceVpce is vpce-1" in body


def test_the_environment_is_switched_by_arrows(browser: Browser, file: Path) -> None:
    """One map at a time; the last environment first."""
    browser.open(file)
    heading = "[...document.querySelectorAll('.heat h3')].filter(each => each.getClientRects().length).map(each => each.textContent).join()"
    assert browser.run(heading) == "Prod"
    browser.run("document.querySelector('input[name=heat]:checked').focus()")
    browser.press("ArrowLeft")
    assert browser.run(heading) == "Dev"


@pytest.mark.parametrize(
    ("words", "sections"),
    [
        ("444444444402", {"estate"}),
        ("role/odd", {"access"}),
        ("travel.orders", {"access"}),
        ("lake-is-private", {"invariants", "coverage"}),
        ("nobody owns", {"changes"}),
        ("w1001", {"findings"}),
        ("au-2", {"findings", "coverage"}),
        ("per cloudformation template", {"limits"}),
        ("pack::one", {"acknowledgements"}),
        ("nowhere to be found", set()),
    ],
)
def test_search_filters_every_section(browser: Browser, file: Path, words: str, sections: set[str]) -> None:
    """Each section shows what fits and says how much, or that nothing does; Escape brings all of it back."""
    browser.open(file)
    every = visible(browser, ".item, .row")
    search(browser, words)
    assert set(found_in(browser)) & set(SECTIONS) == sections
    assert visible(browser, ".item, .row") >= (1 if sections else 0)
    assert visible(browser, ".no-match") == len(SECTIONS) - len(sections)
    browser.press("Escape")
    assert visible(browser, ".item, .row") == every
    assert visible(browser, ".no-match") == 0
    assert browser.run("document.querySelector('#told').textContent") == ""


@pytest.mark.parametrize("words", ["sales.customers.email", "customers email"])
def test_search_for_a_column_shows_who_reaches_that_column(browser: Browser, file: Path, words: str) -> None:
    """Of those who reach the table only who reaches that column, or all of it; the table's head is marked."""
    browser.open(file)
    rows = (
        "[...document.querySelectorAll('.heat .row')].filter(each => each.getClientRects().length).map(each => each.cells[0].textContent)"
    )
    search(browser, "sales.customers.name")
    assert any(row.startswith("role/Zeta ") for row in browser.run(rows))
    search(browser, words)
    shown = browser.run(rows)
    assert any("PiiReader" in row for row in shown), shown
    assert not any(row.startswith("role/Zeta ") for row in shown)
    assert browser.run("[...document.querySelectorAll('.hit')].every(each => each.title === 'sales.customers')")
    search(browser, "sales.customers.nosuch")
    assert browser.run(rows) == []


def test_a_slash_begins_a_search_and_stays_a_letter_in_it(browser: Browser, file: Path) -> None:
    """From anywhere; what is typed into a box is text."""
    browser.open(file)
    browser.press("/", "a", "/", "b")
    assert browser.run("document.activeElement.id") == "q"
    assert browser.run("document.querySelector('#q').value") == "a/b"
    browser.press("Escape")
    assert browser.run("document.querySelector('#q').value") == ""


def test_findings_are_narrowed_down_and_cleared(browser: Browser, file: Path) -> None:
    """By environment, check, severity, state and stack, together with the search."""
    browser.open(file)
    places = "[...document.querySelectorAll('#findings .item')].filter(each => !each.hidden && !each.closest('.group').hidden).length"
    assert browser.run(places) == 6
    choose = """(name, value) => {
        const box = document.querySelector('.filters').elements[name];
        box.value = value;
        box.dispatchEvent(new Event('input', { bubbles: true }));
    }"""
    for name, value, number in (
        ("environment", "Dev", 1),
        ("environment", "", 6),
        ("state", "acknowledged", 1),
        ("state", "open", 5),
        ("severity", "error", 3),
    ):
        browser.run(f"({choose})({name!r}, {value!r})")
        assert browser.run(places) == number, (name, value)
    search(browser, "refuted")
    assert browser.run(places) == 1
    browser.press("Escape")
    browser.run("document.querySelector('.filters button').click(); new Promise(done => setTimeout(done, 5))")
    assert browser.run(places) == 6


def test_a_stack_leads_to_its_findings(browser: Browser, file: Path) -> None:
    """Enter on a tile of the map; one without findings leads to its row in the table."""
    browser.open(file)
    browser.run("document.querySelector('.tile[data-stack=\"Prod/Catalog\"]').focus()")
    browser.press("Enter")
    browser.wait("document.activeElement.id === 'findings-h'")
    assert browser.run("document.querySelector('.filters').elements.stack.value") == "Prod/Catalog"
    assert visible(browser, "#findings details.group") == 1
    browser.run("document.querySelector('.tile[data-stack=\"Prod/Grants\"]').focus()")
    browser.press("Enter")
    browser.wait("document.activeElement.id.startsWith('stack-')")
    assert browser.run("document.activeElement.textContent").startswith("Prod")
    assert browser.run("document.activeElement.getClientRects().length") == 1


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("by_button", [False, True])
def test_contrast_is_enough(browser: Browser, file: Path, *, dark: bool, by_button: bool) -> None:
    """WCAG 2.2 AA, 4.5 to 1, for every pair of ink and paper on the page with all of it unfolded; the button makes the same of either."""
    browser.open(file, dark=dark is not by_button)
    if by_button:
        browser.run("document.querySelector('#theme').click()")
    browser.run("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    pairs = browser.run(CONTRAST)
    assert len(pairs) > 25
    assert [pair for pair in pairs if pair[0] < 4.5] == []
    assert browser.run("document.querySelector('#theme').textContent") == ("Light" if dark else "Dark")
    ink, paper = (browser.run(f"getComputedStyle(document.body).{name}") for name in ("color", "backgroundColor"))
    assert (int(ink[4:].split(",")[0]) > int(paper[4:].split(",")[0])) is dark


def test_without_script_all_of_it_is_there(browser: Browser, file: Path) -> None:
    """Both maps are shown, no box that would do nothing, and a cell leads to its ways, which unfold."""
    browser.open(file, script=False)
    assert visible(browser, ".heat") == 2
    assert visible(browser, "#search, #theme, .filters, .switch") == 0
    assert visible(browser, "details") > 15
    assert browser.run("document.querySelectorAll('[hidden]:not(.no-match)').length") == 0
    browser.run("document.querySelector('.grid a').focus()")
    browser.press("Enter")
    browser.wait("document.querySelector('article:target') !== null")
    browser.wait("document.querySelector('article:target').getClientRects().length > 0")


def test_hostile_names_stay_text(browser: Browser, hostile: Path) -> None:
    """No script of a name runs, no image is asked for, in the page, in what a cell opens and in a search."""
    browser.open(hostile)
    browser.run("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    for number in range(browser.run("document.querySelectorAll('.grid a[href]').length")):
        browser.run(f"document.querySelectorAll('.grid a[href]')[{number}].click(); document.querySelector('#drill-close').click()")
    search(browser, "hacked=1")
    assert browser.run("typeof hacked") == "undefined"
    assert browser.run("document.images.length + document.querySelectorAll('iframe').length") == 0
    assert browser.run("document.scripts.length") == 1
    assert set(found_in(browser)) >= set(SECTIONS) - {"estate"}
    assert browser.requests == [hostile.as_uri()]
    assert browser.complaints == []


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_is_wider_than_the_window(browser: Browser, file: Path, width: int) -> None:
    """What needs more room scrolls by itself."""
    browser.open(file, width=width)
    browser.run("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    assert browser.run("document.documentElement.scrollWidth") <= width


def test_print_has_no_controls(browser: Browser, file: Path) -> None:
    """What cannot be pressed on paper is left out."""
    browser.open(file, media="print")
    assert visible(browser, ".bar-top, .filters, .switch") == 0
    assert visible(browser, "section.part") == len(SECTIONS)
