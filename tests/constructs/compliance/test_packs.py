"""What `add_compliance_packs` accepts, and who may know cdk-nag."""

from __future__ import annotations

import importlib
import re

import aws_cdk as cdk
import pytest

from constructs_lib.compliance import PACKS, add_compliance_packs
from lakemodel.errors import DataLakeError
from tests.support import ROOT, new_app, new_stack


def test_packs_are_the_documented_four() -> None:
    """The names are the prefixes of rule ids in acknowledgements; changing one breaks every acknowledgement."""
    assert list(PACKS) == ["AwsSolutions", "NIST.800.53.R5", "HIPAA.Security", "PCI.DSS.321"]


@pytest.mark.parametrize("pack", PACKS)
def test_each_name_is_what_the_pack_calls_itself(pack: str) -> None:
    """The keys of PACKS are cdk-nag's own names, so that ids built from them match."""
    import cdk_nag  # noqa: PLC0415 - the module under test keeps it to itself

    assert getattr(cdk_nag, PACKS[pack])().name == pack


def test_a_stage_can_be_judged_alone() -> None:
    """Packs on a Stage judge what is below it."""
    stage = cdk.Stage(new_app(), "Dev")
    add_compliance_packs(stage)


def test_fails_when_given_a_stack() -> None:
    """Plugins run for an App or a Stage only."""
    with pytest.raises(DataLakeError, match="got a Stack; compliance packs are added to an App or a Stage") as caught:
        add_compliance_packs(new_stack())  # type: ignore[arg-type]
    assert caught.value.code == "compliance_scope"


def test_fails_when_the_check_extra_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without cdk-nag the caller is told what to install, not shown an import error."""

    def missing(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(DataLakeError, match=r"pip install 'governed-lake\[check\]'") as caught:
        add_compliance_packs(new_app())
    assert caught.value.code == "check_extra_missing"


def test_one_module_knows_cdk_nag() -> None:
    """Every import of cdk-nag in what is shipped stands in `packs.py`, so that its next major version is one file's work."""
    pattern = re.compile(r"^\s*(import|from) cdk_nag|import_module\(\"cdk_nag", re.MULTILINE)
    shipped = [path for folder in ("constructs_lib", "lakecheck", "lakemodel", "stacks") for path in (ROOT / folder).rglob("*.py")]
    assert [str(path.relative_to(ROOT)) for path in shipped if pattern.search(path.read_text())] == ["constructs_lib/compliance/packs.py"]
