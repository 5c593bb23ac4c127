"""Two linters of the Amazon States Language, and proof that they are awake."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lakecheck.rehearsal.states.definition import check
from lakecheck.rehearsal.states.model import DefinitionError
from tests.constructs.pipeline.lake import pipelines, state_machine
from tests.support import template

if TYPE_CHECKING:
    from collections.abc import Callable

_BIN = Path(sys.executable).parent
VALIDATOR = _BIN.parent / "cdk-cli/node_modules/asl-validator/dist/bin/asl-validator.js"


@pytest.fixture(scope="module")
def machine() -> dict[str, Any]:
    """The definition, with the partition that is known at deployment."""
    definition: dict[str, Any] = json.loads(json.dumps(state_machine(template(pipelines()[0]))).replace("<AWS::Partition>", "aws"))
    return definition


def broken(machine: dict[str, Any], change: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    changed = copy.deepcopy(machine)
    change(changed["States"])
    return changed


def lint(definition: dict[str, Any], folder: Path) -> subprocess.CompletedProcess[str]:
    file = folder / "machine.asl.json"
    file.write_text(json.dumps(definition))
    return subprocess.run([_BIN / "node", VALIDATOR, "--json-path", file], capture_output=True, text=True, check=False)


@pytest.mark.skipif(not VALIDATOR.exists(), reason="an environment without the CDK CLI has no npm packages")
def test_the_validator_finds_nothing(machine: dict[str, Any], tmp_path: Path) -> None:
    """asl-validator, which knows JSONata, takes the definition, and takes none with a state that is not there or a broken expression."""
    assert lint(machine, tmp_path).returncode == 0
    astray = broken(machine, lambda states: states["Close"].update(Next="Nowhere"))
    garbled = broken(machine, lambda states: states["Tell"].update(Output="{% $merge([ %}"))
    assert "Nowhere" in "".join((found := lint(astray, tmp_path)).stdout + found.stderr)
    assert lint(garbled, tmp_path).returncode != 0


def test_the_rehearsals_interpreter_takes_it(machine: dict[str, Any]) -> None:
    """Every field is one of the language, every state that is named is there, every expression is JSONata, inside of maps too."""
    check(machine)
    with pytest.raises(DefinitionError, match="TakeOver"):
        check(broken(machine, lambda states: states["Collect"]["ItemProcessor"]["States"]["TakeOver"].update(Next="Nowhere")))
