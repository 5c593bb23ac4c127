"""Rights and settings that are there and that no template states are told, and those that another resource states are not."""

import json

import pytest

from tests.lakecheck.rehearsal.adapters.support import ACCOUNT, REGION, among, beyond, emulated, make, resource

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
ROLE, MANAGED, INLINE = "AWS::IAM::Role", "AWS::IAM::ManagedPolicy", "AWS::IAM::Policy"
STRANGER = {"DataLakePrincipalIdentifier": "999999999999"}
READER = {"DataLakePrincipalIdentifier": f"arn:aws:iam::{ACCOUNT}:role/reader"}
GRANT = "AWS::LakeFormation::PrincipalPermissions"
ASSOCIATION = "AWS::LakeFormation::TagAssociation"
CUSTOM = "Custom::LakeFormationPermissions"
SALES = {"Database": {"CatalogId": ACCOUNT, "Name": "sales"}}


@pytest.fixture
def clients():
    """Of an empty account."""
    with emulated() as made:
        yield made


def client(clients, service):
    """The account's."""
    return clients(service, account=ACCOUNT, region=REGION)


def test_a_role_has_no_policy_that_nobody_states(clients):
    iam, role = client(clients, "iam"), make(clients, ROLE, {"RoleName": "reader", "AssumeRolePolicyDocument": TRUST})
    iam.create_role(RoleName="other", AssumeRolePolicyDocument="{}")
    managed = make(clients, MANAGED, {"PolicyDocument": ALL, "Roles": ["reader"]})
    inline = make(clients, INLINE, {"PolicyName": "more", "PolicyDocument": ALL, "Roles": ["reader"]})
    assert beyond(among(role, managed, inline)) == set()
    assert beyond(among(role, managed)) == {"Policies"}
    assert beyond(among(role, inline)) == {"ManagedPolicyArns"}
    assert beyond(managed) == set()
    iam.attach_role_policy(RoleName="other", PolicyArn=managed.physical_id)
    assert beyond(managed) == {"Roles[]"}
    iam.update_role(RoleName="reader", MaxSessionDuration=43200)
    iam.put_role_permissions_boundary(RoleName="reader", PermissionsBoundary=ADMINISTRATOR)
    assert beyond(among(role, managed, inline)) == {"MaxSessionDuration", "PermissionsBoundary"}


def test_a_policy_may_be_attached_to_a_role_that_states_it(clients):
    managed = make(clients, MANAGED, {"PolicyDocument": ALL})
    properties = {"RoleName": "reader", "AssumeRolePolicyDocument": TRUST, "ManagedPolicyArns": [managed.physical_id]}
    role = make(clients, ROLE, properties)
    assert beyond(among(managed, role)) == set()
    assert beyond(managed) == {"Roles"}
    client(clients, "iam").attach_role_policy(RoleName="reader", PolicyArn=ADMINISTRATOR)
    assert beyond(role) == {"ManagedPolicyArns[]"}


def test_a_bucket_has_only_what_is_stated(clients):
    rule = {"Id": "old", "Status": "Enabled", "NoncurrentVersionExpiration": {"NoncurrentDays": 30}}
    bucket = make(clients, "AWS::S3::Bucket", {"BucketName": "lake", "LifecycleConfiguration": {"Rules": [rule]}})
    s3 = client(clients, "s3")
    assert beyond(bucket) == set()
    policy = make(clients, "AWS::S3::BucketPolicy", {"Bucket": "lake", "PolicyDocument": TRUST})
    assert beyond(among(bucket, policy)) == set()
    assert beyond(bucket) == {"Policy"}
    (put,) = s3.get_bucket_lifecycle_configuration(Bucket="lake")["Rules"]
    s3.put_bucket_lifecycle_configuration(Bucket="lake", LifecycleConfiguration={"Rules": [{**put, "Expiration": {"Days": 1}}]})
    s3.put_bucket_acl(Bucket="lake", ACL="public-read-write")
    s3.put_bucket_cors(Bucket="lake", CORSConfiguration={"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]})
    assert beyond(among(bucket, policy)) == {"LifecycleConfiguration.Rules[].ExpirationInDays", "AccessControl", "CorsConfiguration"}


def test_a_key_that_is_disabled_and_an_alarm_that_is_muted(clients):
    key = make(clients, "AWS::KMS::Key", {"KeyPolicy": ALL})
    alarm = {"MetricName": "m", "Namespace": "n", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1, "Threshold": 1}
    made = make(clients, "AWS::CloudWatch::Alarm", {"AlarmName": "late", "ComparisonOperator": "GreaterThanThreshold", **alarm})
    assert beyond(key) | beyond(made) == set()
    client(clients, "kms").disable_key(KeyId=key.physical_id)
    client(clients, "cloudwatch").disable_alarm_actions(AlarmNames=["late"])
    assert beyond(key) | beyond(made) == {"Enabled", "ActionsEnabled"}


def test_a_function_may_be_called_and_is_told_only_as_stated(clients):
    role = client(clients, "iam").create_role(RoleName="runs", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    code = {"ZipFile": "def handler(event, context): ..."}
    properties = {"FunctionName": "does", "Role": role, "Runtime": "python3.13", "Handler": "index.handler", "Code": code}
    function = make(clients, "AWS::Lambda::Function", properties)
    permission = {"FunctionName": "does", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}
    permitted = make(clients, "AWS::Lambda::Permission", permission)
    assert beyond(among(function, permitted)) == set()
    assert beyond(function) == {"Policy"}
    client(clients, "lambda").update_function_configuration(FunctionName="does", Environment={"Variables": {"EXTRA": "1"}})
    assert beyond(among(function, permitted)) == {"Environment"}


def grant(clients, principal, *permissions: str, passed_on=()):
    """Grants something on the database behind every template's back."""
    given = {"Principal": principal, "Resource": SALES, "Permissions": list(permissions), "PermissionsWithGrantOption": list(passed_on)}
    client(clients, "lakeformation").grant_permissions(**given)


def stated(principal, *permissions: str):
    """A grant on the database as a template states it."""
    return {"Principal": principal, "Resource": SALES, "Permissions": list(permissions), "PermissionsWithGrantOption": []}


def test_more_than_a_grant_states_is_told_where_nobody_states_it(clients):
    make(clients, "AWS::Glue::Database", {"DatabaseInput": {"Name": "sales"}})
    describes, drops = (make(clients, GRANT, stated(READER, right)) for right in ("DESCRIBE", "DROP"))
    assert beyond(among(describes, drops)) == set()
    assert beyond(describes) == {"Permissions[]"}
    grant(clients, STRANGER, "DESCRIBE")
    assert beyond(among(describes, drops)) == {"UnstatedPrincipals"}
    grant(clients, READER, "DROP", passed_on=["DROP"])
    assert beyond(among(describes, drops)) == {"UnstatedPrincipals", "PermissionsWithGrantOption[]"}


@pytest.mark.parametrize("whom", [READER, STRANGER, {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}])
def test_more_than_a_handler_was_told_to_grant_is_told(clients, whom):
    make(clients, "AWS::Glue::Database", {"DatabaseInput": {"Name": "sales"}})
    grant(clients, READER, "DESCRIBE")
    handled = resource(clients, CUSTOM, {"Grants": [stated(READER, "DESCRIBE")]})
    assert beyond(handled) == set()
    grant(clients, whom, "DROP")
    assert beyond(handled) == {"Grants[]"}
    assert beyond(among(handled, resource(clients, GRANT, stated(whom, "DROP")))) == set()


def test_a_tag_that_nobody_states_is_told(clients):
    make(clients, "AWS::Glue::Database", {"DatabaseInput": {"Name": "sales"}})
    pairs = {}
    for name in ("zone", "domain"):
        make(clients, "AWS::LakeFormation::Tag", {"TagKey": name, "TagValues": ["a", "b"]})
        pairs[name] = {"CatalogId": ACCOUNT, "TagKey": name, "TagValues": ["a"]}
    client(clients, "lakeformation").add_lf_tags_to_resource(Resource=SALES, LFTags=list(pairs.values()))
    zone, domain = ({"Resource": SALES, "LFTags": [pairs[name]]} for name in ("zone", "domain"))
    handled = resource(clients, CUSTOM, {"TagAssociations": [zone]})
    associated = resource(clients, ASSOCIATION, zone)
    assert (beyond(handled), beyond(associated)) == ({"TagAssociations[].LFTags[]"}, {"LFTags[]"})
    other = resource(clients, ASSOCIATION, domain)
    assert beyond(among(handled, other)) | beyond(among(associated, other)) == set()


def test_a_catalog_policy_has_only_stated_statements(clients):
    one, other = (
        {"Sid": name, "Effect": "Allow", "Principal": "*", "Action": "glue:Get*", "Resource": "*"} for name in ("Shares", "Others")
    )
    there = [{**one, "Sid": "Shares0a1b2c3d"}, {**other, "Sid": "Others0a1b2c3d"}]
    client(clients, "glue").put_resource_policy(PolicyInJson=json.dumps({"Version": "2012-10-17", "Statement": there}))
    handled, another = (resource(clients, "Custom::LakeFormationCatalogPolicy", {"Statements": [each]}) for each in (one, other))
    assert beyond(handled) == {"Statements[]"}
    assert beyond(among(handled, another)) == set()


def test_a_topic_has_only_stated_subscriptions(clients):
    topic = make(clients, "AWS::SNS::Topic", {"TopicName": "alarms"})
    assert beyond(topic) == set()
    properties = {"TopicArn": topic.physical_id, "Protocol": "email", "Endpoint": "somebody@example.com"}
    subscription = make(clients, "AWS::SNS::Subscription", properties)
    assert beyond(among(topic, subscription)) == set()
    client(clients, "sns").subscribe(TopicArn=topic.physical_id, Protocol="email", Endpoint="stranger@example.com")
    assert beyond(among(topic, subscription)) == {"Subscription"}
