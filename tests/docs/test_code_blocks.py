"""Every code block that a person may copy is a file that a test runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.blocks import CODE, DOCS, PROSE, ROOT, Block, blocks, files, stands_in

SOURCES = ("examples", "config")
RUN_BY = {
    "examples/access/*.py": "tests/docs/test_access_page.py",
    "examples/access/*.txt": "tests/docs/test_access_page.py",
    "examples/access/*.yaml": "tests/docs/test_access_page.py",
    "examples/approvals/*.yaml": "tests/unit",
    "examples/commands/*.sh": "tests/docs/test_commands.py",
    "examples/config/*.yaml": "tests/docs/test_examples.py",
    "examples/contracts/*.lock.json": "tests/docs/test_examples.py",
    "examples/contracts/*.odcs.yaml": "tests/docs/test_examples.py",
    "examples/delivery/*.yml": "tests/delivery",
    "examples/delivery/*.yaml": "tests/delivery",
    "examples/estate/*.json": "tests/lakecheck/estate/test_supplement.py",
    "examples/estate/*.yaml": "tests/lakecheck/estate/test_supplement.py",
    "examples/ingestion/*.csv": "tests/runtime/ingestion/test_example.py",
    "examples/ingestion/*.txt": "tests/runtime/ingestion/test_example.py",
    "examples/ingestion/*.yaml": "tests/runtime/ingestion/test_example.py",
    "examples/pipelines/*.sql": "tests/docs/test_running_pipelines.py",
    "examples/pipelines/*.odcs.yaml": "tests/unit/contracts/test_pipelines_page.py",
    "examples/rehearsal/*.py": "tests/lakecheck/rehearsal/test_plugin.py",
    "examples/rules/*.guard": "tests/lakecheck/rules/test_own.py",
    "examples/rules/*.py": "tests/lakecheck/rules/test_own.py",
    "examples/rules/*.yaml": "tests/lakecheck/rules/test_own.py",
    "examples/snippets/*.py": "tests/docs/test_snippets.py",
    "examples/tour/*.txt": "tests/docs/test_tour.py",
    "examples/upgrade/*": "tests/docs/test_upgrade_page.py",
    "examples/iam/*.py": "tests/lakecheck/iam/test_simulation.py",
    "examples/lakecheck/*.txt": "tests/lakecheck",
    "examples/*.lock.json": "tests/examples",
    "examples/*.py": "tests/examples",
}
WRITTEN_BY = {"docs/reference/rules.md": "tests/docs/test_rules_page.py"}
"""Pages that a script writes out of tested code, with the test that holds them to it: they include nothing."""

CODE_BLOCKS = [block for block in blocks() if block.language in CODE]


@pytest.mark.parametrize("block", blocks(), ids=lambda block: block.id)
def test_every_block_says_what_it_is(block: Block) -> None:
    """A block without a language, or with one that nothing checks, would go unchecked."""
    assert block.language in CODE | PROSE


@pytest.mark.parametrize(
    "block",
    [block for block in CODE_BLOCKS if DOCS in block.page.parents and block.page.relative_to(ROOT).as_posix() not in WRITTEN_BY],
    ids=lambda block: block.id,
)
def test_blocks_of_the_site_are_includes(block: Block) -> None:
    """A page of the site includes its code, whole files or marked sections, from where tests run it."""
    assert block.includes, "write the code into a file below examples/ and include it"
    for name, section in block.includes:
        file = ROOT / name
        assert file.is_file()
        assert name.split("/")[0] in SOURCES
        if section is not None:
            content = file.read_text(encoding="utf-8")
            assert f"--8<-- [start:{section}]" in content
            assert f"--8<-- [end:{section}]" in content


@pytest.mark.parametrize("block", [block for block in CODE_BLOCKS if DOCS not in block.page.parents], ids=lambda block: block.id)
def test_blocks_of_readmes_stand_in_a_file(block: Block) -> None:
    """A README is read where nothing is included, so its code stands word for word in a file that a test runs."""
    sources = [file for file in files() if file.relative_to(ROOT).parts[0] in SOURCES and file.suffix != ".gz"]
    assert any(stands_in(block.text, file) for file in sources)


def test_every_example_is_run() -> None:
    """An example that no test runs would rot."""
    for file in files(ROOT / "examples"):
        name = file.relative_to(ROOT)
        runners = [ROOT / test for pattern, test in RUN_BY.items() if name.match(pattern) and len(Path(pattern).parts) == len(name.parts)]
        assert runners, f"{name} is run by no test"
        tests = [test for runner in runners for test in ([runner] if runner.is_file() else runner.glob("*.py"))]
        assert any(name.name in test.read_text() or "glob(" in test.read_text() for test in tests), f"{name} is named in no test"


def test_a_page_without_includes_is_held_to_what_writes_it() -> None:
    """Each such page is there, and its test names it."""
    for page, test in WRITTEN_BY.items():
        assert (ROOT / page).is_file()
        assert Path(page).name in (ROOT / test).read_text()


def test_the_matcher_is_awake(tmp_path: Path) -> None:
    """Text that differs in one word, or stands in another order, is not found."""
    file = tmp_path / "example.py"
    file.write_text("from a import b\n\n\ndef f():\n    one = b()  # noqa: F841\n    two = b()\n")
    assert stands_in("from a import b\n\none = b()\ntwo = b()", file)
    assert stands_in("two = b()", file)
    assert not stands_in("from a import c\n\none = b()", file)
    assert not stands_in("two = b()\none = b()", file)
    assert not stands_in("one = b()\nthree = b()", file)
