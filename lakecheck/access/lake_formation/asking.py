"""What IAM and the storage must allow beside a grant: the catalog's actions, Lake Formation's credentials, the files.

A request must pass Lake Formation and IAM. The files of a registered location are read by the location's role, which needs S3 and the key,
and not by whoever asks.
https://docs.aws.amazon.com/lake-formation/latest/dg/lf-permissions-reference.html
https://docs.aws.amazon.com/lake-formation/latest/dg/registration-role.html
https://docs.aws.amazon.com/lake-formation/latest/dg/register-encrypted.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from lakecheck.access.doors.answers import NO, YES, Answer, every, some
from lakecheck.access.doors.objects import Objects
from lakecheck.access.doors.places import dataset_of, location, partition_of_region, places
from lakecheck.access.doors.reasons import reasons
from lakecheck.access.questions import DIRECT_CALL, REQUESTED_REGION
from lakecheck.estate.arns import region_in
from lakecheck.estate.model import Principal, PrincipalKind
from lakecheck.formula import FALSE, TRUE, Formula, Truth, Unresolved
from lakecheck.iam.evaluator import evaluate
from lakecheck.iam.globs import match
from lakecheck.iam.model import Context, Decision, Effect, Policy, Request, Statement
from lakecheck.values import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.access.model import Action, Dataset
    from lakecheck.access.questions import Questions
    from lakecheck.estate.model import Bucket, DataLocation, Table

THROUGH_ATHENA: Final[Mapping[str, tuple[str, ...]]] = {
    "aws:viaawsservice": ("true",),
    "aws:calledvia": ("athena.amazonaws.com",),
    "aws:calledviafirst": ("athena.amazonaws.com",),
    "aws:calledvialast": ("athena.amazonaws.com",),
}
"""The other way an engine asks: Athena calls in the reader's name, while Glue and EMR call as the reader itself.

https://docs.aws.amazon.com/athena/latest/ug/security-iam-athena-calledvia.html
"""

_SHARE: Final = Statement(index=0, sid="RAM", effect=Effect.ALLOW, actions=("*",), resources=("*",), principals={"AWS": ("*",)})
_SERVICE_LINKED: Final = "aws-service-role/lakeformation.amazonaws.com/AWSServiceRoleForLakeFormationDataAccess"
_ON_LOCATIONS: Final = ("s3:GetObject*", "s3:PutObject*", "s3:DeleteObject*", "s3:AbortMultipartUpload", "s3:ListBucket*")


class Asking:
    """Asks for one estate; answers are kept.

    Args:
        questions: Asks IAM.
    """

    def __init__(self, questions: Questions) -> None:
        self.questions = questions
        self._places = places(questions)
        self._catalogs = {(each.account, each.region): each for each in questions.estate.catalogs}
        self._patterns: dict[int, tuple[str, ...]] = {}
        self._of_principal: dict[tuple[int, str, str], tuple[str, ...]] = {}
        self._kinds: dict[tuple[tuple[str, ...], int], int] = {}
        self._numbers: dict[tuple[object, ...], int] = {}
        self._matches: dict[tuple[str, str], Truth] = {}
        self._catalog: dict[tuple[int, str, bool, int], Answer] = {}
        self._credentials: dict[tuple[int, str, str], Answer] = {}
        self._objects: dict[str, Objects] = {}
        self._verdicts: dict[tuple[int, str, Action], dict[tuple[Dataset, str], Answer]] = {}
        self._files: dict[int, tuple[Bucket | None, tuple[Dataset, str]]] = {}
        self._linked_roles: dict[str, Principal] = {}
        self._reads: dict[tuple[int, int, Action], Answer] = {}

    # --- the catalog -------------------------------------------------------------------------------------------------------------------

    def catalog(self, principal: Principal, table: Table, action: str, *, shared: bool = False) -> Answer:
        """Whether IAM lets a principal do an action of the catalog with a table: on the catalog, the database and the table.

        Args:
            principal: Who.
            table: The table.
            action: Such as `glue:GetTable`.
            shared: Whether Lake Formation shares the table with the principal's account, so that the owner's side is RAM's doing.
        """
        shared = shared and principal.account != table.account
        key = (id(principal), action, shared, self.kind(principal, table))
        found = self._catalog.get(key)
        if found is None:
            asked = [some(self._answers(principal, action, arn, table.account, shared=shared)) for arn in _arns(table, action)]
            found = self._catalog[key] = every([*asked, *self._catalog_key(principal, table)])
        return found

    def credentials(self, principal: Principal, action: str = "lakeformation:GetDataAccess", *, region: str = "") -> Answer:
        """Whether IAM lets a principal do an action of Lake Formation, which knows no resources; in a Region, where one is named."""
        key = (id(principal), action, region)
        found = self._credentials.get(key)
        if found is None:
            answers = self._answers(principal, action, "*", principal.account, shared=False, region=region)
            found = self._credentials[key] = some(answers)
        return found

    def _catalog_key(self, principal: Principal, table: Table) -> Iterator[Answer]:
        """Whether the key of an encrypted catalog serves the principal, where no role of the catalog's uses it instead.

        https://docs.aws.amazon.com/glue/latest/dg/encrypt-glue-data-catalog.html
        """
        catalog = self._catalogs.get((table.account, table.region))
        if catalog is None or catalog.key_role or catalog.key not in self.questions.keys:
            return
        suffix = "amazonaws.com.cn" if partition_of_region(table.region) == "aws-cn" else "amazonaws.com"
        context = {"kms:viaservice": (f"glue.{table.region}.{suffix}",), "aws:viaawsservice": ("true",)}
        decision = self.questions.decide(principal, "kms:Decrypt", catalog.key, context=context)
        yield NO if decision.allowed == FALSE else Answer(decision.allowed)

    def _answers(self, principal: Principal, action: str, arn: str, owner: str, *, shared: bool, region: str = "") -> Iterator[Answer]:
        called = {REQUESTED_REGION: (region,)} if region else {}
        for context in (called, {**THROUGH_ATHENA, **called}):
            if shared:
                decision = self._with_share(principal, action, arn, owner, context)
            else:
                decision = self.questions.decide(principal, action, arn, context=context, owner=owner)
            yield NO if decision.allowed == FALSE else Answer(decision.allowed, reasons(decision, action, arn))

    def _with_share(self, principal: Principal, action: str, arn: str, owner: str, context: Mapping[str, tuple[str, ...]]) -> Decision:
        """The decision about a resource that RAM shares: its policy allows; the reader's own side is asked as always.

        https://docs.aws.amazon.com/lake-formation/latest/dg/cross-account-permissions.html
        """
        layers = self.questions.layers(principal, action, arn)
        own = layers.resource
        joined = Policy(
            name="the share through RAM",
            statements=(*(own.statements if own is not None else ()), _SHARE),
            version=own.version if own is not None else "2012-10-17",
            unknown=own.unknown if own is not None else (),
        )
        account = self.questions.estate.accounts.get(owner)
        called = {REQUESTED_REGION: (region,)} if (region := region_in(arn)) else {}
        request = Request(
            caller=self.questions.caller(principal),
            action=action,
            resource=arn,
            resource_account=owner,
            resource_organization=account.organization if account is not None else None,
            context=Context(values={**DIRECT_CALL, **called, **context}, complete=False),
        )
        return evaluate(request, replace(layers, resource=joined))

    def kind(self, principal: Principal, table: Table) -> int:
        """A number that tables share when they are in one catalog and the principal's policies do not tell them apart."""
        key = (id(principal), table.account, table.region)
        patterns = self._of_principal.get(key)
        if patterns is None:
            patterns = self._of_principal[key] = tuple(self._patterns_for(principal, table))
        pair = (patterns, id(table))
        found = self._kinds.get(pair)
        if found is None:
            arns = _arns(table, "glue:GetTable")
            told: tuple[object, ...] = tuple(self._match(pattern, arn) for pattern in patterns for arn in arns)
            if Truth.OPEN in told or any("${" in pattern for pattern in patterns):
                told = arns
            its = (table.account, table.region, patterns, told)
            found = self._kinds[pair] = self._numbers.setdefault(its, len(self._numbers))
        return found

    def _match(self, pattern: str, arn: str) -> Truth:
        key = (pattern, arn)
        found = self._matches.get(key)
        if found is None:
            found = self._matches[key] = match(pattern, arn)
        return found

    def _patterns_for(self, principal: Principal, table: Table) -> Iterator[str]:
        layers = self.questions.layers(principal, "glue:GetTable", _arns(table, "glue:GetTable")[-1])
        scps = [policy for level in layers.scps or () for policy in level]
        found: dict[str, None] = {}
        for policy in (*layers.identity, layers.boundary, layers.resource, *scps):
            if policy is not None:
                if id(policy) not in self._patterns:
                    self._patterns[id(policy)] = tuple(_of_the_catalog(policy))
                found |= dict.fromkeys(self._patterns[id(policy)])
        yield from found

    # --- the files ---------------------------------------------------------------------------------------------------------------------

    def of_location(self, registered: DataLocation, table: Table, action: Action) -> Answer:
        """Whether the role of a registered location can read, or write, a table's files; NO is beyond doubt.

        A role that no template defines is taken to be able to, which is what it was registered for, unless the bucket or the key refuses.
        The service-linked role gets its rights on S3 with the registration, but none on a key; with AWS's own key it cannot be used.
        """
        key = (id(registered), id(table), action)
        found = self._reads.get(key)
        if found is None:
            found = self._reads[key] = self._of_location(registered, table, action)
        return found

    def objects(self, principal: Principal, table: Table, action: Action) -> Answer:
        """Whether a principal itself can read, or write, a table's files in S3, with the key they need."""
        found = self._files.get(id(table))
        if found is None:
            where = location(table.location)
            bucket = self._places.bucket_named(where[0]) if where is not None else None
            found = self._files[id(table)] = (bucket, (dataset_of(table), where[1] if where is not None else ""))
        bucket, place = found
        if bucket is None:
            return Answer(Unresolved(f"where {shown(table.database)}.{shown(table.name)} has its data, which no template says"))
        return self._verdicts_of(principal, bucket, action).get(place, NO)

    def _of_location(self, registered: DataLocation, table: Table, action: Action) -> Answer:
        role = self._role(registered)
        if role is None:
            return YES
        if not registered.role:
            where = location(table.location)
            bucket = self._places.bucket_named(where[0]) if where is not None else None
            if bucket is not None and bucket.encryption == "SSE_KMS" and not bucket.key:
                return NO
        allowed = self.objects(role, table, action).allowed
        if allowed == FALSE or not role.unknown:
            return Answer(allowed)
        return YES

    def _role(self, registered: DataLocation) -> Principal | None:
        if registered.role:
            return self.questions.principals.get(registered.role)
        account = registered.account
        if account not in self._linked_roles:
            partition = partition_of_region(registered.region)
            resources = tuple(f"{each.arn}{end}" for each in self.questions.estate.locations for end in ("", "/*") if not each.role)
            statement = Statement(index=0, effect=Effect.ALLOW, actions=_ON_LOCATIONS, resources=resources)
            self._linked_roles[account] = Principal(
                arn=f"arn:{partition}:iam::{account}:role/{_SERVICE_LINKED}",
                kind=PrincipalKind.SERVICE_LINKED_ROLE,
                account=account,
                name="role/AWSServiceRoleForLakeFormationDataAccess",
                policies=(Policy(name="what Lake Formation gives its service-linked role", statements=(statement,)),),
            )
        return self._linked_roles[account]

    def _verdicts_of(self, principal: Principal, bucket: Bucket, action: Action) -> dict[tuple[Dataset, str], Answer]:
        key = (id(principal), bucket.arn, action)
        found = self._verdicts.get(key)
        if found is None:
            if bucket.arn not in self._objects:
                self._objects[bucket.arn] = Objects(self.questions, bucket, self._places.of(bucket))
            found = self._verdicts[key] = {
                (place.dataset, place.prefix): verdict
                for together, verdict in self._objects[bucket.arn].verdicts(principal, action)
                for place in together
            }
        return found


def sure(formula: Formula) -> bool:
    """Whether it is true whatever else is."""
    return formula is TRUE or formula == TRUE


def _arns(table: Table, action: str) -> tuple[str, ...]:
    start = f"arn:{partition_of_region(table.region)}:glue:{table.region}:{table.account}"
    of_database = (f"{start}:catalog", f"{start}:database/{table.database}")
    if action == "glue:DeleteDatabase":
        return of_database
    return (*of_database, f"{start}:table/{table.database}/{table.name}")


def _of_the_catalog(policy: Policy) -> Iterator[str]:
    """The resource patterns of a policy that may tell tables apart."""
    for statement in policy.statements:
        if statement.actions is not None and not any(_concerns_glue(each) for each in statement.actions):
            continue
        for pattern in (*(statement.resources or ()), *(statement.not_resources or ())):
            if pattern != "*":
                yield pattern


def _concerns_glue(action: str) -> bool:
    service = action.partition(":")[0].lower()
    return service == "glue" or "*" in service or "?" in service
