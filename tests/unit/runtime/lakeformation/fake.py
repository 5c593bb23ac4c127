"""A Lake Formation that behaves as badly as the real one: it throttles, collides, fails in part and holds identities that are gone.

Written against the API's documentation, not against our handler: it keeps rights in a shape of its own.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

ACCOUNT = "444444444401"
EVERYONE = "IAM_ALLOWED_PRINCIPALS"


def error(code: str, message: str = "", operation: str = "Operation") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


class CrashError(Exception):
    """The caller is gone in the middle of it, as when Lambda ends it."""


class FakeLakeFormation:
    """One account's Lake Formation.

    Attributes:
        existing: Principals that exist; others are refused.
        tables: Columns of each (database, table).
        vocabulary: Allowed values of each LF-Tag key.
        rights: (principal, resource as JSON, permission, grantable) of everything granted.
        tags: (resource path) -> key -> value; a path is (database,), (database, table) or (database, table, column).
        errors: For an operation's name, errors to raise before it works.
        refused: For (permission, resource path): code and message to fail that entry with, as often as stated.
        malformed: Principals whose entry makes a whole batch fail.
        assigner: Who assigns LF-Tags, and has to be granted ASSOCIATE on each; anybody may when empty.
        forgets_tags: Whether tags are accepted and not kept.
        stale_reads: How many reads of tags still answer as if there were none.
        tags_behind: How many reads of tags still answer as before the last change.
        calls: Names of the operations that changed something or were asked, in order.
        stays: Rights that must never be missing; `missing` has those that were, after a change.
        watching: Called after each single change, with this fake.
        opt_ins: (principal, resource as JSON) of everybody who is opted in.
        conditional: Grants under a condition, as listed.
        behind: How many lists of grants still answer as before the last change.
        expands_all: Whether ALL is listed with everything it implies.
        all_or_nothing: Whether revoking what is held in part revokes nothing.
        takes_along: Whether revoking SELECT on a table takes SELECT on its columns along.
        crash_at: Number of the call at which the caller dies; `crash_after` says whether the call has had its effect by then.
    """

    def __init__(self) -> None:
        self.existing: set[str] = set()
        self.tables: dict[tuple[str, str], list[str]] = {}
        self.vocabulary: dict[str, set[str]] = {}
        self.rights: set[tuple[str, str, str, bool]] = set()
        self.tags: dict[tuple[str, ...], dict[str, str]] = {}
        self.errors: dict[str, list[ClientError]] = {}
        self.refused: dict[tuple[str, str], list[tuple[str, str]]] = {}
        self.calls: list[str] = []
        self.batches: list[int] = []
        self.stays: set[tuple[str, str, str, bool]] = set()
        self.missing: list[str] = []
        self.page_size = 2
        self.malformed: set[str] = set()
        self.assigner = ""
        self.forgets_tags = False
        self.stale_reads = 0
        self.tags_behind = 0
        self._tags_before_last: dict[tuple[str, ...], dict[str, str]] = {}
        self.all_or_nothing = False
        self.watching: list[Callable[[FakeLakeFormation], None]] = []
        self.opt_ins: set[tuple[str, str]] = set()
        self.conditional: list[dict[str, Any]] = []
        self.behind = 0
        self._rights_before_last: set[tuple[str, str, str, bool]] = set()
        self.expands_all = False
        self.takes_along = True
        self.crash_at: int | None = None
        self.crash_after = False
        self.settings: dict[str, Any] = {
            "DataLakeAdmins": [],
            "ReadOnlyAdmins": [],
            "CreateDatabaseDefaultPermissions": [{"Principal": {"DataLakePrincipalIdentifier": EVERYONE}, "Permissions": ["ALL"]}],
            "CreateTableDefaultPermissions": [{"Principal": {"DataLakePrincipalIdentifier": EVERYONE}, "Permissions": ["ALL"]}],
            "Parameters": {"CROSS_ACCOUNT_VERSION": "1", "SET_CONTEXT": "TRUE"},
            "TrustedResourceOwners": ["999999999999"],
        }
        self.meddling: list[dict[str, Any]] = []  # what others put right after a put of ours

    def _begin(self, operation: str) -> None:
        self.calls.append(operation)
        if not self.crash_after:
            self._crash()
        if self.errors.get(operation):
            raise self.errors[operation].pop(0)

    def _end(self) -> None:
        if self.crash_after:
            self._crash()

    def _crash(self) -> None:
        if self.crash_at is not None and len(self.calls) > self.crash_at:
            raise CrashError

    def _changed(self) -> None:
        if not self.stays <= self.rights:
            self.missing.append(f"after {self.calls[-1]}: {sorted(self.stays - self.rights)}")
        for watch in self.watching:
            watch(self)

    # Settings

    def get_data_lake_settings(self) -> dict[str, Any]:
        self._begin("get_data_lake_settings")
        self._end()
        return {"DataLakeSettings": json.loads(json.dumps(self.settings))}

    def put_data_lake_settings(self, *, DataLakeSettings: dict[str, Any]) -> dict[str, Any]:  # noqa: N803 - the API's name
        self._begin("put_data_lake_settings")
        for name in ("DataLakeAdmins", "ReadOnlyAdmins"):
            for entry in DataLakeSettings.get(name, []):
                if entry["DataLakePrincipalIdentifier"] not in self.existing:
                    code = "InvalidInputException"
                    raise error(code, f"Invalid principal: {entry['DataLakePrincipalIdentifier']}")
        self.settings = json.loads(json.dumps(DataLakeSettings))
        if self.meddling:
            self.settings.update(self.meddling.pop(0))
        self._end()
        return {}

    def admins(self) -> list[str]:
        return [entry["DataLakePrincipalIdentifier"] for entry in self.settings["DataLakeAdmins"]]

    # Grants

    def _resources(self, resource: dict[str, Any]) -> list[str]:
        """The resource in the fake's own keys: one for each column of an include list."""
        resource = json.loads(json.dumps(resource).lower())
        ((kind, body),) = resource.items()
        body.pop("catalogid", None)
        if kind in {"table", "tablewithcolumns"}:
            place = (body["databasename"], body.get("name", "*"))
            if "*" not in place and place not in self.tables:
                code = "EntityNotFoundException"
                raise error(code, f"Table not found: {place}")
            if body.get("columnnames"):
                unknown = set(body["columnnames"]) - set(self.tables[place])
                if unknown:
                    code = "InvalidInputException"
                    raise error(code, f"cannot grant/revoke permission on non-existent column: {sorted(unknown)}")
                return [json.dumps(["column", *place, column]) for column in body["columnnames"]]
            if (body.get("columnwildcard") or {}).get("excludedcolumnnames"):
                return [json.dumps(["but", *place, *sorted(body["columnwildcard"]["excludedcolumnnames"])])]
            return [json.dumps(["table", *place])]
        if kind == "lftagpolicy":
            pairs = sorted((pair["tagkey"], sorted(pair["tagvalues"])) for pair in body["expression"])
            return [json.dumps([kind, body["resourcetype"], pairs])]
        return [json.dumps([kind, sorted(map(str, body.items()))])]

    def batch_grant_permissions(self, *, Entries: list[dict[str, Any]], **_: Any) -> dict[str, Any]:  # noqa: N803
        return self._batch("batch_grant_permissions", Entries, self._grant)

    def batch_revoke_permissions(self, *, Entries: list[dict[str, Any]], **_: Any) -> dict[str, Any]:  # noqa: N803
        return self._batch("batch_revoke_permissions", Entries, self._revoke)

    def _batch(self, operation: str, entries: list[dict[str, Any]], apply: Any) -> dict[str, Any]:
        self._begin(operation)
        if len(entries) > 20 or len({entry["Id"] for entry in entries}) != len(entries):
            code = "InvalidInputException"
            raise error(code, "more than 20 entries, or ids that are not unique")
        if self.malformed & {entry["Principal"]["DataLakePrincipalIdentifier"] for entry in entries}:
            code = "InvalidInputException"
            raise error(code, "malformed request")
        self.batches.append(len(entries))
        before = set(self.rights)
        failures = []
        seen = set()
        for entry in entries:
            try:
                place = json.dumps([entry["Principal"], entry["Resource"]])
                if place in seen:
                    code = "ConcurrentModificationException"
                    raise error(code, "two entries for one principal and resource")
                seen.add(place)
                self._refuse(entry)
                apply(entry)
                self._changed()
            except ClientError as failed:
                detail = failed.response["Error"]
                failures.append({"RequestEntry": entry, "Error": {"ErrorCode": detail["Code"], "ErrorMessage": detail["Message"]}})
        if self.rights != before:
            self._rights_before_last = before
        self._end()
        return {"Failures": failures}

    def _refuse(self, entry: dict[str, Any]) -> None:
        for permission in entry["Permissions"]:
            for resource in self._resources(entry["Resource"]):
                waiting = self.refused.get((permission, resource))
                if waiting:
                    raise error(*waiting.pop(0))

    def _grant(self, entry: dict[str, Any]) -> None:
        principal = entry["Principal"]["DataLakePrincipalIdentifier"]
        if principal not in self.existing:
            code = "InvalidInputException"
            raise error(code, f"Invalid principal {principal}")
        if not set(entry["PermissionsWithGrantOption"]) <= set(entry["Permissions"]):
            code = "InvalidInputException"
            raise error(code, "grant option without its permission")
        for resource in self._resources(entry["Resource"]):
            for permission in entry["Permissions"]:
                self.rights.add((principal, resource, permission, False))
            for permission in entry["PermissionsWithGrantOption"]:
                self.rights.add((principal, resource, permission, True))

    def _revoke(self, entry: dict[str, Any]) -> None:
        principal = entry["Principal"]["DataLakePrincipalIdentifier"]
        held = {right for right in self.rights if right[0] == principal}
        resources = self._resources(entry["Resource"])
        leaving = {
            right
            for right in held
            if right[1] in resources
            and (right[2] in entry["Permissions"] or (right[3] and right[2] in entry["PermissionsWithGrantOption"]))
        }
        code = "InvalidInputException"
        if not leaving:
            raise error(code, "No permissions revoked. Grantee has no permissions and no grantable permissions on resource.")
        if self.all_or_nothing and {right[2] for right in leaving} != {*entry["Permissions"], *entry["PermissionsWithGrantOption"]}:
            raise error(code, "No permissions revoked. Grantee does not have:[...]")
        for resource in resources:
            kind, *place = json.loads(resource)
            if (
                self.takes_along and kind == "table" and "SELECT" in entry["Permissions"]
            ):  # hostile: SELECT on columns goes with SELECT on the table
                leaving |= {right for right in held if json.loads(right[1])[:3] == ["column", *place] and right[2] == "SELECT"}
        self.rights -= leaving

    def list_permissions(self, *, Resource: dict[str, Any], **options: Any) -> dict[str, Any]:  # noqa: N803 - the API's name
        self._begin("list_permissions")
        if "TableWithColumns" in Resource or "DataCellsFilter" in Resource or "Principal" in options:
            code = "InvalidInputException"
            raise error(code, "ask for the table; a principal mixes in what is implied")
        (asked,) = self._resources(Resource)
        place = json.loads(asked)[1:]
        rights = self.rights
        if self.behind:
            self.behind -= 1
            rights = self._rights_before_last
        found = sorted(
            right
            for right in self._expanded(rights)
            if right[1] == asked
            or ("Table" in Resource and json.loads(right[1])[0] in {"column", "but"} and json.loads(right[1])[1:3] == place)
        )
        start = int(options.get("NextToken", "0"))
        page = found[start : start + self.page_size]
        answer: dict[str, Any] = {"PrincipalResourcePermissions": [self._listed(right, Resource) for right in page]}
        if not start:
            answer["PrincipalResourcePermissions"] += self.conditional
        if start + self.page_size < len(found):
            answer["NextToken"] = str(start + self.page_size)
        self._end()
        return answer

    def _expanded(self, rights: set[tuple[str, str, str, bool]]) -> set[tuple[str, str, str, bool]]:
        if not self.expands_all:
            return rights
        everything = {right for right in rights if right[2] == "ALL"}
        implied = {(*right[:2], single, right[3]) for right in everything for single in ("ALTER", "DESCRIBE", "INSERT", "SELECT")}
        return rights | implied

    def _listed(self, right: tuple[str, str, str, bool], asked: dict[str, Any]) -> dict[str, Any]:
        """As Lake Formation lists it: SELECT on a table as SELECT on all of its columns, and always with the catalog's id."""
        principal, resource, permission, grantable = right
        kind, *place = json.loads(resource)
        ((name, body),) = asked.items()
        shown: dict[str, Any] = {name: {"CatalogId": ACCOUNT, **body}}
        if kind in {"column", "but"} or (kind == "table" and permission == "SELECT"):
            columns = {"column": {"ColumnNames": place[2:]}, "but": {"ColumnWildcard": {"ExcludedColumnNames": place[2:]}}}
            base = {"CatalogId": ACCOUNT, "DatabaseName": place[0], "Name": place[1]}
            shown = {"TableWithColumns": {**base, **columns.get(kind, {"ColumnWildcard": {}})}}
        return {
            "Principal": {"DataLakePrincipalIdentifier": principal},
            "Resource": shown,
            "Permissions": [] if grantable else [permission],
            "PermissionsWithGrantOption": [permission] if grantable else [],
        }

    # Tags

    def _paths(self, resource: dict[str, Any]) -> list[tuple[str, ...]]:
        ((kind, body),) = resource.items()
        if kind == "Database":
            return [(body["Name"],)]
        place = (body["DatabaseName"], body["Name"])
        if place not in self.tables:
            code = "EntityNotFoundException"
            raise error(code, f"Table not found: {place}")
        if kind != "TableWithColumns":
            return [place]
        unknown = set(body["ColumnNames"]) - set(self.tables[place])
        if unknown:
            code = "EntityNotFoundException"
            raise error(code, f"Column not found: {sorted(unknown)}")
        return [(*place, column) for column in body["ColumnNames"]]

    def _may_assign(self, pairs: list[dict[str, Any]]) -> None:
        for pair in pairs:
            (resource,) = self._resources({"LFTag": {"TagKey": pair["TagKey"], "TagValues": pair["TagValues"]}})
            if self.assigner and (self.assigner, resource, "ASSOCIATE", False) not in self.rights:
                code = "AccessDeniedException"
                raise error(code, "Insufficient Lake Formation permission(s): Required Associate on LF-Tag")

    def _remember_tags(self) -> None:
        self._tags_before_last = {path: dict(tags) for path, tags in self.tags.items()}

    def add_lf_tags_to_resource(self, *, Resource: dict[str, Any], LFTags: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        self._begin("add_lf_tags_to_resource")
        self._may_assign(LFTags)
        self._remember_tags()
        failures = []
        for pair in LFTags:
            (value,) = pair["TagValues"]
            if value not in self.vocabulary.get(pair["TagKey"], set()):
                failures.append({"LFTag": pair, "Error": {"ErrorCode": "EntityNotFoundException", "ErrorMessage": "Tag does not exist"}})
                continue
            for path in self._paths(Resource):
                if not self.forgets_tags:
                    self.tags.setdefault(path, {})[pair["TagKey"]] = value
        self._changed()
        self._end()
        return {"Failures": failures}

    def remove_lf_tags_from_resource(self, *, Resource: dict[str, Any], LFTags: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        self._begin("remove_lf_tags_from_resource")
        self._may_assign(LFTags)
        self._remember_tags()
        for path in self._paths(Resource):
            for pair in LFTags:
                del self.tags[path][pair["TagKey"]]
        self._changed()
        self._end()
        return {}

    def get_resource_lf_tags(self, *, Resource: dict[str, Any], ShowAssignedLFTags: bool) -> dict[str, Any]:  # noqa: N803
        self._begin("get_resource_lf_tags")
        assert ShowAssignedLFTags, "inherited tags would look as if they were assigned"
        answer: dict[str, Any] = {}
        if self.stale_reads:
            self.stale_reads -= 1
            return answer
        tags = self.tags
        if self.tags_behind:
            self.tags_behind -= 1
            tags = self._tags_before_last
        for path in self._paths(Resource):
            pairs = [{"CatalogId": ACCOUNT, "TagKey": key, "TagValues": [value]} for key, value in tags.get(path, {}).items()]
            assigned = {"LFTags": pairs} if pairs else {}  # no list is ever empty in an answer
            if len(path) == 3:
                answer.setdefault("LFTagsOnColumns", []).append({"Name": path[2], **assigned})
            elif pairs:
                answer["LFTagOnDatabase" if len(path) == 1 else "LFTagsOnTable"] = pairs
        self._end()
        return answer

    # Opt-ins

    def create_lake_formation_opt_in(self, *, Principal: dict[str, Any], Resource: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        self._begin("create_lake_formation_opt_in")
        principal = Principal["DataLakePrincipalIdentifier"]
        (resource,) = self._resources(Resource)
        code = "InvalidInputException"
        if principal not in self.existing:
            raise error(code, f"Invalid principal {principal}")
        if (principal, resource) in self.opt_ins:
            raise error(code, "Opt-in exists already")
        self.opt_ins.add((principal, resource))
        self._changed()
        self._end()
        return {}

    def delete_lake_formation_opt_in(self, *, Principal: dict[str, Any], Resource: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        self._begin("delete_lake_formation_opt_in")
        (resource,) = self._resources(Resource)
        try:
            self.opt_ins.remove((Principal["DataLakePrincipalIdentifier"], resource))
        except KeyError:
            code = "EntityNotFoundException"
            raise error(code, "No such opt-in") from None
        self._changed()
        self._end()
        return {}

    def list_lake_formation_opt_ins(self, *, Resource: dict[str, Any], **options: Any) -> dict[str, Any]:  # noqa: N803
        self._begin("list_lake_formation_opt_ins")
        if "Principal" in options:
            code = "InvalidInputException"
            raise error(code, "a principal of another account cannot be asked for")
        (asked,) = self._resources(Resource)
        found = sorted(principal for principal, resource in self.opt_ins if resource == asked)
        start = int(options.get("NextToken", "0"))
        ((kind, body),) = Resource.items()
        shown = {kind: {"CatalogId": ACCOUNT, **body}}
        page: list[dict[str, Any]] = [
            {"Principal": {"DataLakePrincipalIdentifier": principal}, "Resource": shown} for principal in found[start : start + 1]
        ]
        answer: dict[str, Any] = {"LakeFormationOptInsInfoList": page}
        if start + 1 < len(found):
            answer["NextToken"] = str(start + 1)
        self._end()
        return answer
