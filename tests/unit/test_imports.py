"""The pure packages stay pure: each of their modules is imported in a fresh process, and what came along is looked at."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support import ROOT

CDK = ["aws_cdk", "constructs", "jsii"]

_IMPORT_ALL = """
import importlib, pkgutil, sys
package = importlib.import_module(sys.argv[1])
names = [module.name for module in pkgutil.walk_packages(package.__path__, package.__name__ + ".") if not module.name.endswith("__main__")]
for name in names:
    importlib.import_module(name)
loaded = {name.partition(".")[0] for name in sys.modules}
print(len(names), *sorted(loaded & set(sys.argv[2].split(","))))
"""


@pytest.mark.parametrize(
    ("package", "forbidden"),
    [
        ("lakemodel", [*CDK, "boto3", "botocore", "cdk_nag", "constructs_lib", "lakecheck", "stacks"]),
        ("lakecheck", [*CDK, "cdk_nag", "constructs_lib", "stacks", "cfnlint", "cloudformation_validate"]),
        ("constructs_lib.runtime", [*CDK, "cdk_nag", "lakecheck", "stacks"]),
    ],
)
def test_a_pure_package_brings_nothing_along(package: str, forbidden: list[str]) -> None:
    """No CDK (nor boto3 for the model, nor the checkers at lakecheck's start) is loaded by importing every module of the package."""
    done = subprocess.run(
        [sys.executable, "-c", _IMPORT_ALL, package, ",".join(forbidden)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    count, *found = done.stdout.split()
    assert found == []
    assert int(count) > 3


def test_the_check_for_purity_sees_what_is_impure() -> None:
    """The constructs themselves do load the CDK: the test above would notice."""
    code = "import sys; import constructs_lib.core; print(sorted({'aws_cdk', 'constructs', 'jsii'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "['aws_cdk', 'constructs', 'jsii']\n"
