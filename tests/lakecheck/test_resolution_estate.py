"""What stacks know of each other: exports, outputs, nested stacks, parameters, SSM parameters, over accounts and assemblies."""

from __future__ import annotations

from typing import Any

import pytest

from lakecheck.assembly import Assembly
from lakecheck.assembly.resolution import resolve
from lakecheck.formula import TRUE, Unresolved, unresolved
from lakecheck.values import Unknown, generated_holes, has_hole, holes, outline
from tests.lakecheck.resolving import ACCOUNT, ANY, OTHER, REGION, by_id, resolved, stack, value

BUCKET = {"Type": "AWS::S3::Bucket"}


def probe(data: Any, **template: Any) -> dict[str, Any]:
    return {"Resources": {"Probe": {"Type": ANY, "Properties": {"Value": data}}}, **template}


def exporting(name: Any = "lake-raw", *, logical_id: str = "Raw", **output: Any) -> dict[str, Any]:
    arn = {"Fn::GetAtt": [logical_id, "Arn"]}
    return {"Resources": {logical_id: BUCKET}, "Outputs": {"Arn": {"Value": arn, "Export": {"Name": name}, **output}}}


def probed(*stacks: Any, parameters: dict[str, str] | None = None) -> Any:
    return by_id(resolved(*stacks, parameters=parameters))["Probe"].properties["Value"]


# --- exports ----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "imported"),
    [("lake-raw", "lake-raw"), ({"Fn::Sub": "${AWS::Region}-raw"}, "eu-west-1-raw"), ({"Fn::Sub": "${AWS::StackName}:Raw"}, "Storage:Raw")],
)
def test_an_import_is_what_the_other_stack_exports(name: Any, imported: str) -> None:
    """The bucket of the exporting stack, generated name and all, whatever the export's name is made of and whichever stack comes first."""
    producer, consumer = stack("Storage", exporting(name)), stack("Query", probe({"Fn::ImportValue": imported}))
    arn = by_id(resolved(producer))["Raw"].arn
    assert probed(producer, consumer) == arn
    assert probed(consumer, producer) == arn


def test_an_export_name_with_a_generated_name_is_found_by_the_same_name() -> None:
    """A stack of the same account may build the name from the same bucket."""
    producer = exporting({"Fn::Sub": "${Raw}-arn"})
    producer["Outputs"]["Name"] = {"Value": {"Ref": "Raw"}, "Export": {"Name": "name"}}
    consumer = probe({"Fn::ImportValue": {"Fn::Join": ["", [{"Fn::ImportValue": "name"}, "-arn"]]}})
    stacks = stack("Query", consumer), stack("Storage", producer)
    assert probed(*stacks) == by_id(resolved(*stacks))["Raw"].arn


def test_exports_count_in_their_own_account_and_region_alone() -> None:
    """The same name in another account or Region is another export."""
    consumer = stack("Query", probe({"Fn::ImportValue": "lake-raw"}))
    here = stack("Here", exporting(logical_id="Here"))
    for elsewhere in ({"account": OTHER}, {"region": "eu-central-1"}):
        there = stack("There", exporting(), **elsewhere)
        assert probed(there, here, consumer) == by_id(resolved(here))["Here"].arn
        lonely = resolved(there, consumer)
        found = by_id(lonely)["Probe"].properties["Value"]
        assert outline(found) == "*"
        assert not generated_holes(found)
        assert holes(found) == (f"export lake-raw of {ACCOUNT}/{REGION}",)
        assert lonely.not_known == ()


def test_an_export_that_is_not_there_is_not_found() -> None:
    """An output whose condition is false exports nothing."""
    template = exporting(Condition="No") | {"Conditions": {"No": {"Fn::Equals": [1, 2]}}}
    storage, consumer = stack("Storage", template), stack("Query", probe({"Fn::ImportValue": "lake-raw"}))
    assert holes(probed(storage, consumer)) == (f"export lake-raw of {ACCOUNT}/{REGION}",)
    other = stack("Other", exporting(logical_id="Other"))
    assert probed(storage, other, consumer) == by_id(resolved(other))["Other"].arn


def test_templates_without_an_environment_import_from_each_other() -> None:
    """Nobody knows the account of either, and only one exports the name; of two such, neither is chosen."""
    loose = {"account": None, "region": None}
    consumer = Assembly(directory="b", version="", stacks=(stack("Query", probe({"Fn::ImportValue": "lake-raw"}), **loose),))
    producers = [
        Assembly(directory=name, version="", stacks=(stack(name, exporting(logical_id=name), **loose),)) for name in ("One", "Two")
    ]
    one = by_id(resolve([producers[0], consumer]))
    assert one["Probe"].properties["Value"] == one["One"].arn
    assert outline(by_id(resolve([*producers, consumer]))["Probe"].properties["Value"]) == "*"


def test_stages_that_know_no_account_import_from_their_own_stage() -> None:
    """Two Stages export the same name; each imports its own."""
    loose = {"account": None, "region": None}
    stacks = []
    for name in ("Dev", "Test"):
        there = {**loose, "environment": name}
        stacks.append(stack("Storage", exporting(logical_id=f"{name}Raw"), path=f"{name}/Storage", **there))
        stacks.append(stack("Query", probe({"Fn::ImportValue": "lake-raw"}), path=f"{name}/Query", **there))
    found = resolved(*stacks).resources
    arns = {each.origin.environment: each.arn for each in found if each.type == "AWS::S3::Bucket"}
    assert {each.origin.environment: each.properties["Value"] for each in found if each.type == ANY} == arns
    assert arns["Dev"] != arns["Test"]


# --- outputs of other stacks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("producer", "asked"),
    [
        ({}, {"StackName": "Storage"}),
        ({"region": "eu-central-1"}, {"StackName": "Storage", "Region": "eu-central-1"}),
        ({"account": OTHER}, {"StackName": "Storage", "RoleArn": {"Fn::Sub": f"arn:${{AWS::Partition}}:iam::{OTHER}:role/reader"}}),
        ({"account": OTHER}, {"StackName": {"Fn::Sub": f"arn:${{AWS::Partition}}:cloudformation:{REGION}:{OTHER}:stack/Storage/id"}}),
    ],
)
def test_an_output_of_another_stack(producer: dict[str, Any], asked: dict[str, Any]) -> None:
    """By name in this account and Region, in another Region, in the role's account, by ARN; nowhere else."""
    storage = stack("Storage", exporting(), **producer)
    consumer = stack("Query", probe({"Fn::GetStackOutput": {**asked, "OutputName": "Arn"}}))
    assert probed(storage, consumer) == by_id(resolved(storage))["Raw"].arn
    missing = stack("Query", probe({"Fn::GetStackOutput": {**asked, "OutputName": "No"}}))
    resolution = resolved(storage, missing)
    (unknown,) = holes(by_id(resolution)["Probe"].properties["Value"])
    assert unknown.startswith("output No of stack Storage in ")
    assert resolution.not_known == ()
    if producer:
        plain = stack("Query", probe({"Fn::GetStackOutput": {"StackName": "Storage", "OutputName": "Arn"}}))
        assert outline(probed(storage, plain)) == "*"


# --- nested stacks ----------------------------------------------------------------------------------------------------------------------


def nest(parent: dict[str, Any], child: dict[str, Any], **changed: Any) -> list[Any]:
    nested = {"path": "Prod/Lake/Nest", "stack_name": "Prod/Lake/Nest", "parent": "Prod/Lake", "parent_logical_id": "Nested", **changed}
    return [stack("Lake", parent), stack("Nest", child, **nested)]


def test_parameters_go_down_and_outputs_come_up() -> None:
    """A nested stack has what its parent passes, before its default; the parent has its outputs."""
    passed = {"Parameters": {"Key": {"Fn::GetAtt": ["Key", "Arn"]}}}
    parent = {
        "Resources": {
            "Key": {"Type": "AWS::KMS::Key"},
            "Nested": {"Type": "AWS::CloudFormation::Stack", "Properties": passed},
            "Probe": {"Type": ANY, "Properties": {"Value": {"Fn::GetAtt": ["Nested", "Outputs.Both"]}}},
        }
    }
    child = {
        "Parameters": {"Key": {"Type": "String", "Default": "none"}, "Other": {"Type": "String", "Default": "own"}},
        "Resources": {},
        "Outputs": {"Both": {"Value": {"Fn::Sub": "${Key} ${Other}"}}},
    }
    found = by_id(resolved(*nest(parent, child)))
    assert found["Probe"].properties["Value"] == f"{found['Key'].arn} own"


def test_a_nested_stack_is_there_when_its_resource_is() -> None:
    """A condition on the resource in the parent decides over all that is in the nested stack."""
    nested = {"Nested": {"Type": "AWS::CloudFormation::Stack", "Condition": "Is"}}
    child = {"Resources": {"Inside": BUCKET}}
    for condition, expected in (({"Fn::Equals": [1, 1]}, True), ({"Fn::Equals": [1, 2]}, False)):
        assert ("Inside" in by_id(resolved(*nest({"Resources": nested, "Conditions": {"Is": condition}}, child)))) is expected
    parent = {"Resources": nested, "Parameters": {"P": {"Type": "String"}}, "Conditions": {"Is": {"Fn::Equals": [{"Ref": "P"}, 1]}}}
    assert by_id(resolved(*nest(parent, child)))["Inside"].origin.exists != TRUE


def test_names_in_a_nested_stack_start_like_its_name() -> None:
    """CloudFormation names it after its parent; what follows is made up."""
    child = {"Resources": {"Inside": BUCKET, "Probe": {"Type": ANY, "Properties": {"Value": {"Ref": "AWS::StackName"}}}}}
    found = by_id(resolved(*nest({"Resources": {"Nested": {"Type": "AWS::CloudFormation::Stack"}}}, child)))
    assert outline(found["Probe"].properties["Value"]) == "Lake-Nested-*"
    assert outline(found["Inside"].ref) == "lake-nested-*"
    assert found["Nested"].ref.startswith("arn:aws:cloudformation:")


def test_a_nested_stack_whose_template_is_missing_is_told() -> None:
    """Its outputs may be anything, so they are no names that CloudFormation made up."""
    parent = probe({"Fn::GetAtt": ["Nested", "Outputs.Role"]})
    parent["Resources"]["Nested"] = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "https://example.com/t.json"}}
    resolution = resolved(stack("Lake", parent))
    found = by_id(resolution)["Probe"].properties["Value"]
    assert (outline(found), generated_holes(found)) == ("*", ())
    assert resolution.not_known == ("Prod/Lake/Nested: the nested stack's template is not in the assembly, so its resources are not seen",)


# --- parameters -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("declared", "given", "expected"),
    [
        ({"Type": "String", "Default": "d"}, None, "d"),
        ({"Type": "String", "Default": "d"}, "g", "g"),
        ({"Type": "Number", "Default": 5}, None, "5"),
        ({"Type": "String", "Default": True}, None, "true"),
        ({"Type": "CommaDelimitedList", "Default": "a, b"}, None, ["a", "b"]),
        ({"Type": "List<Number>"}, "1,2", ["1", "2"]),
        ({"Type": "CommaDelimitedList", "Default": ""}, None, []),
        ({"Default": "d"}, None, "d"),
    ],
)
def test_parameters_have_given_values_before_defaults(declared: Any, given: str | None, expected: Any) -> None:
    """By type a text or a list."""
    assert value({"Ref": "P"}, parameters={"P": given} if given else None, Parameters={"P": declared}) == expected


@pytest.mark.parametrize("key", ["Lake:P", "Prod/Lake:P", "P"])
def test_parameters_are_given_by_name_or_by_stack(key: str) -> None:
    """A value for one stack wins over one for all, and reaches no other stack."""
    template = probe({"Ref": "P"}, Parameters={"P": {"Type": "String"}})
    other = {"Resources": {"Other": {"Type": ANY, "Properties": {"Value": {"Ref": "P"}}}}, "Parameters": {"P": {"Type": "String"}}}
    given = {key: "mine"} if key == "P" else {key: "mine", "P": "all"}
    found = by_id(resolved(stack("Lake", template), stack("Else", other), parameters=given))
    assert found["Probe"].properties["Value"] == "mine"
    assert found["Other"].properties["Value"] == ("mine" if key == "P" else "all")


def test_a_given_parameter_that_no_stack_has_is_told() -> None:
    """A slip of the pen does not pass in silence."""
    resolution = resolved(stack("Lake", probe(1, Parameters={"P": {"Type": "String"}})), parameters={"Q": "1", "Lake:P": "2"})
    assert resolution.not_known == ("the given parameter Q belongs to no stack",)


def test_where_an_unbound_stack_is_deployed_is_given() -> None:
    """For all that are bound to no place, or for one of them; a stack that is bound stays where it is."""
    where = {"Fn::Sub": "${AWS::AccountId}/${AWS::Region}"}
    given = {"AWS::AccountId": OTHER, "AWS::Region": "eu-north-1", "Else:AWS::Region": "eu-south-1"}
    other = {"Resources": {"Other": {"Type": ANY, "Properties": {"Value": where}}}}
    resolution = resolved(stack("Lake", probe(where), account="", region=""), stack("Else", other, region=""), parameters=given)
    found = by_id(resolution)
    assert (found["Probe"].account, found["Probe"].properties["Value"]) == (OTHER, f"{OTHER}/eu-north-1")
    assert (found["Other"].account, found["Other"].properties["Value"]) == (ACCOUNT, f"{ACCOUNT}/eu-south-1")
    assert resolution.not_known == ()
    bound = resolved(stack("Lake", probe(where)), parameters={"AWS::AccountId": OTHER})
    assert by_id(bound)["Probe"].account == ACCOUNT
    assert bound.not_known == ("the given parameter AWS::AccountId belongs to no stack",)


@pytest.mark.parametrize("declared", [{"Type": "String"}, {"Type": "String", "Default": "secret", "NoEcho": True}, {"NoEcho": "true"}])
def test_a_parameter_without_a_value_is_one_hole_everywhere(declared: Any) -> None:
    """So is one whose value must not be shown; it is no made-up name."""
    found = value([{"Ref": "P"}, {"Fn::Sub": "${P}"}], Parameters={"P": declared})
    assert found[0] == found[1]
    assert (outline(found[0]), generated_holes(found[0])) == ("*", ())


def test_a_list_parameter_without_a_value_is_unknown() -> None:
    """A list of unknown length is no text; neither are broken declarations."""
    assert isinstance(value({"Ref": "P"}, Parameters={"P": {"Type": "CommaDelimitedList"}}), Unknown)
    assert isinstance(value({"Ref": "P"}, Parameters={"P": "no object"}), Unknown)
    assert isinstance(value({"Ref": "P"}, Parameters={"P": {"Type": "String", "Default": {"a": 1}}}), Unknown)


SSM = {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "/lake/raw", "Value": {"Fn::GetAtt": ["Raw", "Arn"]}}}


@pytest.mark.parametrize(
    "template",
    [
        probe({"Ref": "P"}, Parameters={"P": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/lake/raw"}}),
        probe("{{resolve:ssm:/lake/raw}}"),
        probe({"Fn::Sub": "{{resolve:ssm:/${Zone}/raw}}"}, Parameters={"Zone": {"Type": "String", "Default": "lake"}}),
        probe({"Fn::Join": ["", ["{{resolve:ssm:/lake/", "raw}}"]]}),
    ],
)
def test_an_ssm_parameter_of_the_estate_has_its_value(template: Any) -> None:
    """By a parameter's type or by a dynamic reference, in the same account and Region; elsewhere it is a hole."""
    storage = {"Resources": {"Raw": BUCKET, "Parameter": SSM}}
    arn = by_id(resolved(stack("Storage", storage)))["Raw"].arn
    assert probed(stack("Query", template), stack("Storage", storage)) == arn
    for elsewhere in ({"account": OTHER}, {"region": "eu-central-1"}):
        assert outline(probed(stack("Query", template), stack("Storage", storage, **elsewhere))) == "*"


@pytest.mark.parametrize(
    "text", ["{{resolve:secretsmanager:db:SecretString:password}}", "{{resolve:ssm-secure:/lake/raw:1}}", "{{resolve:ssm:/lake/raw:3}}"]
)
def test_other_dynamic_references_are_holes(text: str) -> None:
    """Secrets and versions are for the account to know; what stands around them stays."""
    storage = stack("Storage", {"Resources": {"Raw": BUCKET, "Parameter": SSM}})
    found = probed(storage, stack("Query", probe({"a": f"x-{text}-y"})))["a"]
    assert (outline(found), "resolve" in outline(found)) == ("x-*-y", False)


def test_the_value_of_an_ssm_parameter_is_an_attribute() -> None:
    """Beside its name, which `Ref` gives."""
    resources = {"S": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "n", "Value": {"Ref": "AWS::Region"}}}}
    assert value([{"Ref": "S"}, {"Fn::GetAtt": "S.Value"}], resources=resources) == ["n", REGION]


# --- circles ----------------------------------------------------------------------------------------------------------------------------


def test_circles_end_in_what_is_not_known() -> None:
    """Names, conditions, exports, SSM parameters and outputs that need themselves: nothing raises, nothing is dropped."""
    circle = {
        "Conditions": {"A": {"Condition": "B"}, "B": {"Fn::Not": [{"Condition": "A"}]}},
        "Parameters": {"P": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "{{resolve:ssm:self}}"}},
        "Resources": {
            "One": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Ref": "Two"}}},
            "Two": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Fn::Sub": "x-${One}"}}, "Condition": "A"},
            "Self": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "self", "Value": "{{resolve:ssm:self}}"}},
            "Named": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "{{resolve:ssm:self}}", "Value": {"Ref": "P"}}},
        },
        "Outputs": {
            "O": {"Value": {"Fn::ImportValue": "o"}, "Export": {"Name": "o"}},
            "N": {"Value": "n", "Export": {"Name": {"Fn::ImportValue": "n"}}},
        },
    }
    consumer = probe([{"Fn::ImportValue": "o"}, {"Fn::ImportValue": "n"}, {"Fn::GetStackOutput": {"StackName": "Lake", "OutputName": "O"}}])
    found = by_id(resolved(stack("Lake", circle), stack("Query", consumer)))
    assert set(found) == {"One", "Two", "Self", "Named", "Probe"}
    assert isinstance(found["Two"].origin.exists, Unresolved) or unresolved(found["Two"].origin.exists)
    assert all(has_hole(each) for each in (found["One"].ref, found["Two"].ref, found["Self"].properties["Value"]))
    assert all(has_hole(each) for each in found["Probe"].properties["Value"])


def test_stacks_that_import_from_each_other_in_turn() -> None:
    """No circle, though each stack needs the other: the values do not."""
    one = probe({"Fn::ImportValue": "two"}, Outputs={"O": {"Value": "1", "Export": {"Name": "one"}}})
    two = {"Resources": {}, "Outputs": {"T": {"Value": {"Fn::ImportValue": "one"}, "Export": {"Name": "two"}}}}
    assert probed(stack("One", one), stack("Two", two)) == "1"


# --- what a template cannot say ---------------------------------------------------------------------------------------------------------


def test_macros_modules_and_stack_sets_are_told() -> None:
    """What makes resources that are not seen is said once each; the language extensions make none."""
    resources = {
        "Set": {"Type": "AWS::CloudFormation::StackSet"},
        "Module": {"Type": "Acme::S3::Bucket::MODULE"},
        "Function": {"Type": "AWS::Serverless::Application"},
    }
    transforms = ["AWS::LanguageExtensions", "AWS::Serverless-2016-10-31", {"Name": "Mine"}, 5]
    assert resolved(stack("Lake", {"Resources": resources, "Transform": transforms})).not_known == (
        "Prod/Lake/Set: the stacks of a stack set are not seen",
        "Prod/Lake/Module: the resources of a module are not seen",
        "Prod/Lake/Function: AWS::Serverless::Application is not followed: what the transform makes of it is not seen",
        "Prod/Lake: the template is changed by Mine, whose work is not seen",
        "Prod/Lake: the template is changed by a macro, whose work is not seen",
    )
    assert resolved(stack("Lake", {"Resources": {}, "Transform": "AWS::LanguageExtensions"})).not_known == ()


def test_loops_make_their_entries() -> None:
    """`Fn::ForEach` over a list or a parameter, in resources, outputs and properties, one inside another."""
    bucket = {"Bucket${Zone}": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Fn::Sub": "lake-${Zone}"}, "Z": {"Ref": "Zone"}}}}
    tags = {"Fn::ForEach::T": ["Tag", ["a", "b.c"], {"Tag${Tag}": {"Fn::ForEach::U": ["U", ["x"], {"&{Tag}${U}": "${Tag}"}]}}]}
    template = {
        "Parameters": {"Zones": {"Type": "CommaDelimitedList", "Default": "raw,curated"}},
        "Resources": {
            "Fn::ForEach::Zones": ["Zone", {"Ref": "Zones"}, bucket],
            "Probe": {"Type": ANY, "Properties": {"Value": {"Fn::GetAtt": "Bucketraw.Arn"}, "Tags": tags}},
        },
    }
    found = by_id(resolved(stack("Lake", template)))
    assert list(found) == ["Bucketraw", "Bucketcurated", "Probe"]
    assert found["Bucketcurated"].properties == {"BucketName": "lake-curated", "Z": "curated"}
    assert found["Probe"].properties == {"Value": "arn:aws:s3:::lake-raw", "Tags": {"Taga": {"ax": "a"}, "Tagb.c": {"bcx": "b.c"}}}


@pytest.mark.parametrize("loop", [["Zone", {"Ref": "Open"}, {}], ["Zone", ["a"]], "x", ["Zone", [{"a": 1}], {}]], ids=repr)
def test_a_loop_that_cannot_be_followed_is_told(loop: Any) -> None:
    """In the resources it is said beside them, in a property the property is not known; the rest stays."""
    parameters = {"Open": {"Type": "CommaDelimitedList"}}
    resolution = resolved(stack("Lake", {"Resources": {"Fn::ForEach::L": loop, "Raw": BUCKET}, "Parameters": parameters}))
    assert resolution.not_known[0].startswith("Prod/Lake: `Resources`: ")
    assert list(by_id(resolution)) == ["Raw"]
    assert isinstance(value({"Fn::ForEach::L": loop}, Parameters=parameters), Unknown)


def test_loops_in_loops_without_end_are_told() -> None:
    """Each level multiplies the entries; it stops at a number that no template may have."""
    body: Any = {"${A}${B}${C}": 1}
    for name in "ABC":
        body = {f"Fn::ForEach::{name}": [name, [str(index) for index in range(100)], body]}
    found = value(body)
    assert isinstance(found, Unknown)
    assert "too many" in found.reason
