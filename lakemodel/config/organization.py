"""What has to fit together between the organisation's baseline and the environments of `lake.yaml`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakemodel.config.model import Owner, Singleton
from lakemodel.config.regions import NEEDED_BY_THE_ORGANIZATION, Service, region_table
from lakemodel.config.wording import meant, shown
from lakemodel.naming import pascal_case

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakemodel.config.outline import Outline, Path
    from lakemodel.findings import Finding

_BASELINE: Final = ("organization", "baseline")
_STAGE: Final = "Organization"
_ONCE: Final = {"audit_trail": "an organisation trail records every account", "threat_detection": "the security account enables GuardDuty"}


def check_organization(outline: Outline) -> Iterator[Finding]:
    """Nobody owns a thing twice, and nothing is stated that would have no effect."""
    yield from _check_permission_sets(outline)
    yield from _check_recorders(outline)
    if not outline.mapping(*_BASELINE):
        return
    yield from _check_stage_name(outline)
    yield from _check_second_owners(outline)
    yield from _check_home(outline)
    yield from _check_discovery(outline)
    if outline.at(*_BASELINE, "control_tower_controls") and outline.at(*_BASELINE, "place_accounts") is not True:
        message = "found control_tower_controls without place_accounts; controls are enabled on the units that are made for the accounts"
        yield outline.finding(
            (*_BASELINE, "control_tower_controls"), "controls_without_units", message, "Set place_accounts to true, or remove them."
        )


def _check_stage_name(outline: Outline) -> Iterator[Finding]:
    for name in outline.mapping("environments"):
        if pascal_case(name).casefold() == _STAGE.casefold():
            message = f"an environment {name} would be the stage {_STAGE}, which organization.baseline ({outline.line(_BASELINE)}) makes"
            yield outline.finding(("environments", name), "name_collision", message, "Rename the environment.")


def _check_second_owners(outline: Outline) -> Iterator[Finding]:
    """What the organisation provides is not made again: an account has one detector, and a second trail is paid for twice."""
    for environment in outline.mapping("environments"):
        for key, provided in _ONCE.items():
            path: Path = ("environments", environment, "baseline", key)
            if outline.at(*path) == Singleton.CREATE:
                line = outline.line(_BASELINE)
                message = f"found create; {provided}, as organization.baseline ({line}) is stated, and an account has one owner of it"
                remedy = "Remove the key, or set it to adopt where the account keeps one of its own."
                yield outline.finding(path, "second_owner", message, remedy)


def _check_home(outline: Outline) -> Iterator[Finding]:
    table = region_table()
    paths: list[Path] = [(*_BASELINE, "region"), *(path for path, _ in outline.texts(*_BASELINE, "allowed_regions"))]
    for path in paths:
        name = outline.text(*path)
        if name is not None and name not in table.regions:
            message = f"found {shown(name)}; the table of Regions of {table.as_of} does not know it"
            yield outline.finding(path, "unknown_region", message, meant(name, table.regions, "Name a Region of the table."))
    home = table.regions.get(outline.text(*_BASELINE, "region") or "")
    if home is None:
        return
    if outline.at(*_BASELINE, "threat_detection") != Owner.ADOPT and (missing := home.missing(NEEDED_BY_THE_ORGANIZATION)):
        message = f"{home.name} has no {', '.join(missing)} by the table of Regions of {table.as_of}"
        yield outline.finding(
            (*_BASELINE, "region"), "region_without_service", message, "Choose another home Region, or threat_detection: adopt."
        )
    for environment in outline.mapping("environments"):
        region = table.regions.get(outline.text("environments", environment, "region") or "")
        if region is not None and region.partition != home.partition:
            message = f"{home.name} is in partition {home.partition}, but environment {environment} is in {region.partition}"
            yield outline.finding((*_BASELINE, "region"), "partition", message, "An organisation is in one partition: name a Region of it.")
            return


def _check_discovery(outline: Outline) -> Iterator[Finding]:
    """The security account runs Macie as it runs the rest of the detection, in its own Region and in each with an environment."""
    path: Path = (*_BASELINE, "discover_sensitive_data")
    if outline.at(*path) is not True:
        return
    if outline.at(*_BASELINE, "threat_detection") == Owner.ADOPT:
        message = "found true with threat_detection: adopt; Macie is run together with the detection that is made here"
        yield outline.finding(path, "discovery_without_detection", message, "Remove it, or set threat_detection to create.")
        return
    table = region_table()
    environments = [outline.text("environments", name, "region") for name in outline.mapping("environments")]
    for name in dict.fromkeys((outline.text(*_BASELINE, "region"), *environments)):
        region = table.regions.get(name or "")
        if region is not None and region.missing({Service.MACIE}):
            message = f"{name} has no macie by the table of Regions of {table.as_of}, and buckets are looked into in their own Region"
            yield outline.finding(path, "region_without_service", message, "Set it to false.")


def _check_permission_sets(outline: Outline) -> Iterator[Finding]:
    """A group or a session length is of use only where the permission set is made here."""
    if outline.at(*_BASELINE, "identity_center") is not None:
        return
    for persona in outline.mapping("personas"):
        for key in ("group", "session_hours"):
            path: Path = ("personas", persona, "principal", key)
            if outline.at(*path) is not None:
                message = f"found {key}, but permission sets are made elsewhere: organization.baseline.identity_center is not stated"
                yield outline.finding(path, "permission_set_elsewhere", message, f"State it, or remove {key}.")


def _check_recorders(outline: Outline) -> Iterator[Finding]:
    """Our recorders deliver to our log archive."""
    if outline.mapping(*_BASELINE) and outline.at(*_BASELINE, "audit_trail") != Owner.ADOPT:
        return
    for environment in outline.mapping("environments"):
        path: Path = ("environments", environment, "baseline", "config_recorder")
        if outline.at(*path) == Singleton.CREATE:
            message = "found create, but there is no log archive to deliver to: organization.baseline does not make the trail"
            yield outline.finding(path, "recorder_without_archive", message, "Let organization.baseline make it, or adopt a recorder.")
