"""The owner of an account's data lake settings, and its functions."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import constructs_lib.runtime
from constructs_lib.governance import (
    CATALOG_POLICY_TYPE,
    PERMISSIONS_TYPE,
    SETTINGS_TYPE,
    CatalogPermissions,
    CatalogResource,
    DataPrincipal,
    ExistingAdmins,
    LakeFormationSettings,
)
from lakemodel.errors import DataLakeError
from tests.constructs.governance.support import ADMIN
from tests.support import ACCOUNT, REGION, new_app, new_stack, resources

FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:Permissions"


@pytest.fixture(scope="module")
def assembly() -> Path:
    """The assembly of one stack with settings."""
    app = new_app()
    stack = new_stack(app)
    LakeFormationSettings(stack, "LakeFormation", admins=[ADMIN])
    LakeFormationSettings(
        new_stack(app, "Alone"),
        "LakeFormation",
        admins=[ADMIN],
        existing_admins=ExistingAdmins.REPLACE,
        shares=False,
        cross_account_version=5,
    )
    elsewhere = new_stack(app, "Elsewhere")
    owner = LakeFormationSettings.from_permissions_function(elsewhere, "LakeFormation", permissions_function_arn=FUNCTION)
    CatalogPermissions(elsewhere, "Permissions", settings=owner).grant(
        DataPrincipal.role_arn(ADMIN), CatalogResource.database_named("sales"), ["DESCRIBE"]
    )
    return Path(app.synth().directory)


@pytest.fixture(scope="module")
def made(assembly: Path) -> dict[str, Any]:
    """Its template."""
    loaded: dict[str, Any] = json.loads((assembly / "Test.template.json").read_text())
    return loaded


def actions(made: dict[str, Any]) -> set[str]:
    found: set[str] = set()
    for policy in resources(made, "AWS::IAM::ManagedPolicy").values():
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            found.update([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    return found


def test_deployer_and_handler_are_administrators(made: dict[str, Any]) -> None:
    """Beside those declared: CloudFormation's role, with its partition filled in, and the function that grants."""
    (settings,) = resources(made, SETTINGS_TYPE).values()
    admins = settings["Properties"]["Admins"]
    assert admins[0] == ADMIN
    deployer = f"arn:${{AWS::Partition}}:iam::{ACCOUNT}:role/cdk-hnb659fds-cfn-exec-role-{ACCOUNT}-{REGION}"
    assert admins[1] == {"Fn::Sub": deployer}
    (role,) = [name for name in resources(made, "AWS::IAM::Role") if name.startswith("LakeFormationPermissionsRole")]
    assert admins[2] == {"Fn::GetAtt": [role, "Arn"]}
    assert settings["Properties"]["CrossAccountVersion"] == "4"
    assert settings["Properties"]["ReadOnlyAdmins"] == []
    assert settings["Properties"]["ExistingAdmins"] == "keep"


def test_the_native_resource_is_not_used(made: dict[str, Any]) -> None:
    """It would ignore empty default permissions and fight over the administrators."""
    assert resources(made, "AWS::LakeFormation::DataLakeSettings") == {}


def test_functions_run_one_at_a_time_after_their_policy(made: dict[str, Any]) -> None:
    """Each function has a managed policy it waits for, a log of its own, one writer, and no environment."""
    functions = resources(made, "AWS::Lambda::Function")
    assert len(functions) == 3
    for function in functions.values():
        properties = function["Properties"]
        assert properties["Runtime"] == "python3.14"
        assert properties["ReservedConcurrentExecutions"] == 1
        assert any("Policy" in name for name in function["DependsOn"])
        assert "Environment" not in properties
    assert resources(made, "AWS::IAM::Policy") == {}
    assert all("KmsKeyId" in log["Properties"] for log in resources(made, "AWS::Logs::LogGroup").values())


def test_a_request_that_is_no_longer_waited_for_is_dropped(made: dict[str, Any], assembly: Path) -> None:
    """Lambda repeats it for as long as CloudFormation waits for the custom resource, never after a rollback may have begun."""
    ages = {
        each["Properties"]["FunctionName"]["Ref"]: each["Properties"]["MaximumEventAgeInSeconds"]
        for each in resources(made, "AWS::Lambda::EventInvokeConfig").values()
    }
    assert set(ages) == set(resources(made, "AWS::Lambda::Function"))
    for kind in (SETTINGS_TYPE, CATALOG_POLICY_TYPE):
        ((properties,),) = ([each["Properties"] for each in resources(made, kind).values()],)
        assert str(ages[properties["ServiceToken"]["Fn::GetAtt"][0]]) == properties["ServiceTimeout"]
    elsewhere = json.loads((assembly / "Elsewhere.template.json").read_text())
    (permissions,) = resources(elsewhere, PERMISSIONS_TYPE).values()
    (age,) = [age for function, age in ages.items() if function.startswith("LakeFormationPermissions")]
    assert str(age) == permissions["Properties"]["ServiceTimeout"]


def test_rights_are_listed_and_conditioned(made: dict[str, Any]) -> None:
    """No action has a wildcard; no right to data, to pass roles or to change IAM; shares only under Lake Formation's names."""
    assert not [action for action in actions(made) if "*" in action]
    assert not [action for action in actions(made) if action.startswith(("s3:", "kms:")) or "Pass" in action]
    assert {action for action in actions(made) if action.startswith("iam:")} == {"iam:GetRole", "iam:GetUser", "iam:ListRoles"}
    for policy in resources(made, "AWS::IAM::ManagedPolicy").values():
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            if statement["Sid"] in {"CreateShares", "ManageShares", "ManageSharePermissions"}:
                assert statement["Condition"]


def test_no_condition_makes_a_right_of_sharing_void(made: dict[str, Any]) -> None:
    """RAM knows a share's name when one is changed, not when shares are looked up: there the condition would never hold."""
    statements = {
        statement["Sid"]: statement
        for policy in resources(made, "AWS::IAM::ManagedPolicy").values()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    }
    assert "Condition" not in statements["ReadShares"]
    assert {action for action in statements["ReadShares"]["Action"] if action.startswith(("ram:Get", "ram:List"))} == {
        "ram:GetResourceShareAssociations",
        "ram:GetResourceShares",
        "ram:ListResourceSharePermissions",
        "ram:ListResources",
    }
    assert not [action for action in statements["ManageShares"]["Action"] if action.startswith(("ram:Get", "ram:List"))]


def test_sharing_can_be_left_out(assembly: Path) -> None:
    """Without shares the functions have no right of RAM, Organizations or the catalog's policy."""
    alone = json.loads((assembly / "Alone.template.json").read_text())
    assert {action.split(":")[0] for action in actions(alone)} == {"logs", "lakeformation", "iam", "ssm", "glue"}
    assert "glue:PutResourcePolicy" not in actions(alone)
    (settings,) = resources(alone, SETTINGS_TYPE).values()
    assert settings["Properties"]["CrossAccountVersion"] == "5"
    assert settings["Properties"]["ExistingAdmins"] == "replace"
    assert resources(alone, CATALOG_POLICY_TYPE) == {}


def test_ram_may_share_the_catalog_before_anything_is_granted(made: dict[str, Any]) -> None:
    """One statement, for RAM alone, on this account's catalog; the settings, and all that waits for them, come after it."""
    ((name, policy),) = resources(made, CATALOG_POLICY_TYPE).items()
    (statement,) = policy["Properties"]["Statements"]
    assert statement["Principal"] == {"Service": "ram.amazonaws.com"}
    assert statement["Action"] == ["glue:ShareResource"]
    arns = [f"arn:aws:glue:{REGION}:{ACCOUNT}:{what}" for what in ("catalog", "database/*", "table/*/*")]
    assert statement["Resource"] == arns
    (settings,) = resources(made, SETTINGS_TYPE).values()
    assert name in settings["DependsOn"]
    (allowed,) = [
        each
        for managed in resources(made, "AWS::IAM::ManagedPolicy").values()
        for each in managed["Properties"]["PolicyDocument"]["Statement"]
        if each["Sid"] == "CatalogPolicy"
    ]
    assert allowed["Action"] == ["glue:DeleteResourcePolicy", "glue:GetResourcePolicy", "glue:PutResourcePolicy"]
    assert allowed["Resource"] == arns[0]


def test_settings_of_another_app_can_be_used(assembly: Path) -> None:
    """Grants go to the owner's function; nothing of the settings is made again, and grants to accounts are off unless stated."""
    elsewhere = json.loads((assembly / "Elsewhere.template.json").read_text())
    (permissions,) = elsewhere["Resources"].values()
    assert permissions["Type"] == PERMISSIONS_TYPE
    assert permissions["Properties"]["ServiceToken"] == FUNCTION
    assert "DependsOn" not in permissions
    owner = LakeFormationSettings.from_permissions_function(new_stack(), "LakeFormation", permissions_function_arn=FUNCTION)
    assert owner.shares is False


def test_the_asset_has_the_handlers_alone(assembly: Path) -> None:
    """Nothing else of the runtime, no caches: the same files, and so the same hash, from a wheel as from the source tree."""
    (folder,) = assembly.glob("asset.*")
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    runtime = Path(constructs_lib.runtime.__file__).parent
    modules = {f"{package}/{path.name}" for package in ("custom_resources", "lakeformation") for path in (runtime / package).glob("*.py")}
    assert {f"lakeformation/{name}.py" for name in ("__init__", "catalog_policy", "permissions", "settings")} < modules
    assert files == {"runtime/__init__.py", *(f"runtime/{name}" for name in modules)}


@pytest.mark.parametrize("module", ["catalog_policy", "permissions", "settings"])
def test_the_asset_runs_by_itself(assembly: Path, module: str) -> None:
    """The handler that the function names is found in the asset alone, and needs nothing but boto3."""
    (folder,) = assembly.glob("asset.*")
    code = f"import sys; from runtime.lakeformation.{module} import handler; assert callable(handler); print('aws_cdk' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"


def test_fails_when_the_version_is_unknown() -> None:
    """Versions that Lake Formation no longer makes sense with are refused."""
    with pytest.raises(DataLakeError, match="got cross_account_version 2; allowed are 3, 4, 5") as raised:
        LakeFormationSettings(new_stack(), "LakeFormation", admins=[ADMIN], cross_account_version=2)
    assert raised.value.code == "cross_account_version"
