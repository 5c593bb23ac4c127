"""The documentation is whole: a README for each module, every page in the navigation, every link leads somewhere, no foreign words."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.docs.blocks import DOCS, ROOT, files, pages

if TYPE_CHECKING:
    from collections.abc import Iterator

INSIDE_AWS = "runtime"
MODULES = sorted(path.parent.name for path in (ROOT / "constructs_lib").glob("*/__init__.py") if path.parent.name != INSIDE_AWS)
LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")
FOREIGN = tuple(
    re.compile(pattern)
    for pattern in (r"(?<![\w.-])/work/", r"(?<![\w.-])/root/", r"--(extra-)?index-url", r"files\.pythonhosted", r"registry\.npmjs")
)


def navigation(entries: Any) -> Iterator[str]:
    """The pages that mkdocs.yml lists, in order."""
    if isinstance(entries, str):
        yield entries
    for entry in entries if isinstance(entries, list) else entries.values() if isinstance(entries, dict) else ():
        yield from navigation(entry)


@pytest.fixture(scope="module")
def site() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    return loaded


@pytest.mark.parametrize("module", MODULES)
def test_module_has_a_readme_and_a_page(module: str) -> None:
    """What a team imports is explained where it stands, and the site includes that."""
    readme = ROOT / "constructs_lib" / module / "README.md"
    assert readme.is_file()
    assert f'--8<-- "constructs_lib/{module}/README.md"' in (DOCS / "constructs" / f"{module}.md").read_text(encoding="utf-8")


def test_navigation_has_every_page_once(site: dict[str, Any]) -> None:
    """A page that is not in the navigation is not found; decisions are listed on a page of their own."""
    listed = [*navigation(site["nav"])]
    decisions = (DOCS / "adr" / "index.md").read_text(encoding="utf-8")
    there = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")}
    numbered = {page for page in there if re.match(r"adr/\d{4}-", page)}
    assert len(listed) == len(set(listed))
    assert set(listed) == there - numbered
    assert all(f"({page.removeprefix('adr/')})" in decisions for page in numbered)


def test_warnings_stop_the_build(site: dict[str, Any]) -> None:
    """A broken link or a page outside the navigation must not pass."""
    assert site["strict"] is True
    assert set(site["validation"].values()) == {"warn"}
    recipe = re.search(r"^docs:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert recipe
    assert "mkdocs build --strict" in recipe[1]
    assert "--quiet" not in recipe[1].split("#")[0]


@pytest.mark.parametrize("page", [page for page in pages() if DOCS not in page.parents], ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_of_readmes_lead_somewhere(page: Path) -> None:
    """A relative link names a file; READMEs that the site includes have none, because they would lead elsewhere there."""
    targets = [match["target"] for match in LINK.finditer(page.read_text(encoding="utf-8"))]
    relative = [target for target in targets if not target.startswith(("https://", "#", "mailto:"))]
    assert all((page.parent / target.split("#")[0]).exists() for target in relative)
    if "constructs_lib" in page.parts:
        assert not relative


def test_changelog_has_a_place_for_what_is_new() -> None:
    """A change is written down before it is released, newest first."""
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings
    assert re.search(r"unreleased", headings[0], re.IGNORECASE)


def test_no_word_is_about_one_machine() -> None:
    """The repository works anywhere: no path of one machine, no address of one package index."""
    found = []
    for file in files():
        if file == Path(__file__):
            continue
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{file.relative_to(ROOT)}: {match.group()}" for pattern in FOREIGN for match in pattern.finditer(text)]
    assert not found


def test_the_search_for_such_words_is_awake() -> None:
    """Each pattern finds what it is for, and leaves a URL's path alone."""
    bad = ["cd /work/main", "HOME=/root/x", "pip --index-url x", "https://files.pythonhosted.org/x", "https://registry.npmjs.org/x"]
    assert all(any(pattern.search(text) for pattern in FOREIGN) for text in bad)
    assert not any(pattern.search("https://example.com/network/a/root.html") for pattern in FOREIGN)


def test_the_npm_lock_names_no_registry() -> None:
    """The lock pins by hash; where packages come from is the machine's business."""
    packages = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert not [name for name, package in packages.items() if "resolved" in package]
    assert all("integrity" in package for name, package in packages.items() if name)
