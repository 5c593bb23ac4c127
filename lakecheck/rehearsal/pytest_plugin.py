"""A deployed lake as a pytest fixture: `pytest -p lakecheck.rehearsal.pytest_plugin --rehearsal-assembly cdk.out`.

```python
def test_landing_keeps_versions(rehearsed_lake):
    s3 = rehearsed_lake.client("s3")
    for bucket in rehearsed_lake.resources("AWS::S3::Bucket"):
        assert s3.get_bucket_versioning(Bucket=bucket["physical_id"])["Status"] == "Enabled"
```
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.rehearsal.deployed import DeployedLake


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds what is deployed: options for the command line, and for an ini file without their dashes (`rehearsal_assembly`)."""
    group = parser.getgroup("rehearsal", "a deployed lake in tests")
    group.addoption("--rehearsal-assembly", metavar="CDK_OUT", help="the folder that `cdk synth` wrote; default: cdk.out")
    group.addoption("--rehearsal-environment", metavar="STAGE", help="the stage to deploy; needed where there are several")
    parser.addini("rehearsal_assembly", "the folder that `cdk synth` wrote", default="cdk.out")
    parser.addini("rehearsal_environment", "the stage to deploy", default="")


@pytest.fixture(scope="session")
def rehearsed_lake(pytestconfig: pytest.Config) -> Iterator[DeployedLake]:
    """The lake, deployed once a session into an emulator of its own, which ends with the session."""
    from lakecheck.rehearsal.deployed import deployed  # noqa: PLC0415 - a session that does not ask for it is not to wait

    assembly = pytestconfig.getoption("rehearsal_assembly") or pytestconfig.getini("rehearsal_assembly")
    environment = pytestconfig.getoption("rehearsal_environment") or pytestconfig.getini("rehearsal_environment")
    folder = Path(assembly)
    try:
        with deployed(folder if folder.is_absolute() else pytestconfig.rootpath / folder, environment or None) as lake:
            yield lake
    except DataLakeError as error:
        pytest.fail(f"the lake could not be deployed: {error}", pytrace=False)
