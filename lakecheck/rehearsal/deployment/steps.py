"""The steps of a rehearsal that deploy: bootstrap, deploy, compare, update, deploy again, destroy."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from lakecheck.rehearsal.course import Stage, StepFailed, StepSkipped
from lakecheck.rehearsal.deployment import bootstrap as accounts, surroundings
from lakecheck.rehearsal.deployment.copies import Changed, Copy, change, copy
from lakecheck.rehearsal.model import Rehearsed, Retained

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakecheck.rehearsal.deployment.toolkit import Ended
    from lakecheck.rehearsal.model import ResourceResult


_NO_VALUE: Final = "CloudFormation Parameters are missing a value"
"""How the CDK CLI tells it."""


def bootstrap(stage: Stage) -> Sequence[str]:
    """Makes the toolkit's stack in every account and Region, from the CLI's own template."""
    folders = dict.fromkeys((stage.first.folder, stage.options.assembly))
    names = tuple(dict.fromkeys(name for folder in folders for name in accounts.qualifiers(folder)))
    made = accounts.bootstrap(stage.toolkit.bootstrap_template(), stage.chosen.places, names, stage.clients)
    others = [name for folder in folders for name in accounts.make_missing_buckets(folder, stage.chosen.places, stage.clients)]
    accounts.write_missing_versions(stage.first.folder, stage.chosen.places, stage.clients)
    facts = [f"{made} bootstrap stack{_s(made)}: {', '.join(f'{account} {region}' for account, region in stage.chosen.places)}"]
    if there := surroundings.organization(stage.chosen.stacks):
        stage.emulator.control("organization", there)
        facts.append(f"an organisation of {there['management']} with {len(there['accounts'])} other accounts, and the root {there['root']}")
    facts += surroundings.assign(stage.chosen.stacks, stage.clients)
    if shared := accounts.write_shared_parameters(stage.first.folder, stage.chosen.places, stage.clients):
        stage.rewritten.append(f"wrote stand-ins for the parameters {', '.join(shared)}, which accounts that are not rehearsed share")
    if others:
        stage.rewritten.append(f"made the buckets {', '.join(others)}, which assets go to and no bootstrap stack makes")
    return facts


def deploy(stage: Stage) -> Sequence[str]:
    """Deploys with the CLI as it comes: change sets, roles assumed, assets published."""
    ended = stage.toolkit.deploy(stage.first.folder, stage.chosen.selector)
    _demand(ended, stage)
    stacks = stage.stacks()
    count, places = sum(len(stack["resources"]) for stack in stacks), len(stage.chosen.accounts)
    return [f"{len(stacks)} stack{_s(len(stacks))} with {count} resource{_s(count)} in {places} account{_s(places)}"]


def compare(stage: Stage) -> Sequence[str]:
    """Compares every resource with what the plain APIs return."""
    from lakecheck.rehearsal.comparison.resources import compare as compared  # noqa: PLC0415 - botocore's models take a while

    stage.results = compared(stage.stacks(), stage.clients)
    counts = Counter(one.rehearsed for one in stage.results)
    by = {"by the emulator": Rehearsed.BY_EMULATOR, "by adapters": Rehearsed.BY_ADAPTER, "not": Rehearsed.NOT}
    return [f"resources rehearsed: {', '.join(f'{counts[how]} {told}' for told, how in by.items())}"]


def update(stage: Stage) -> Sequence[str]:
    """Deploys the assembly over its base; without a base, over itself a version with a harmless change of each type of resource."""
    from lakecheck.rehearsal.comparison.resources import compare as compared  # noqa: PLC0415 - botocore's models take a while

    before = _ids(stage)
    copied = _next(stage)
    ended = stage.toolkit.deploy(copied.folder, stage.chosen.selector)
    _demand(ended, stage)
    after = _ids(stage)
    facts = [_moved(before, after)]
    if stage.changed:
        wrong, unseen = against(stage.changed, compared(stage.stacks(), stage.clients))
        count = len(stage.changed)
        facts.append(
            f"{count} properties changed in place; the plain APIs return {count - len(wrong) - len(unseen)} of them as they are now"
        )
        facts += [f"returned by no plain API: {_named(unseen)}"] if unseen else []
        if wrong:
            raise StepFailed(f"the plain APIs do not return the new value of {_named(wrong)}", facts)
    return facts


def again(stage: Stage) -> Sequence[str]:
    """Deploys the same once more: nothing may happen."""
    before = [(stack["id"], stack["status"], len(stack["resources"]), stack["operations"]) for stack in stage.stacks()]
    ended = stage.toolkit.deploy(stage.notes["deployed"], stage.chosen.selector)
    _demand(ended, stage)
    after = [(stack["id"], stack["status"], len(stack["resources"]), stack["operations"]) for stack in stage.stacks()]
    if before != after:
        raise StepFailed("deploying the same assembly twice changed stacks")
    return [f"no change in {len(after)} stack{_s(len(after))}"]


def destroy(stage: Stage) -> Sequence[str]:
    """Destroys the stacks; the protected ones have to refuse first."""
    facts = _refusals(stage)
    ended = stage.toolkit.destroy(stage.notes.get("deployed", stage.first.folder), stage.chosen.selector)
    stacks = stage.stacks()
    if stage.options.base is not None and any(stack["status"] != "DELETE_COMPLETE" for stack in stacks):
        ended = stage.toolkit.destroy(stage.first.folder, stage.chosen.selector)  # stacks that the update has no more
        stacks = stage.stacks()
    stage.retained = tuple(
        Retained(account=stack["account"], region=stack["region"], stack=stack["name"], **one)
        for stack in stacks
        for one in stack["retained"]
    )
    left = [stack for stack in stacks if stack["status"] != "DELETE_COMPLETE"]
    gone = len(stacks) - len(left)
    facts += [f"{gone} stack{_s(gone)} destroyed, {len(stage.retained)} resource{_s(len(stage.retained))} retained by their DeletionPolicy"]
    if left or ended.exit_code != 0:
        reasons = "; ".join(f"{stack['name']}: {stack['reason']}" for stack in left) or ended.tail
        raise StepFailed(f"not destroyed: {reasons}", facts)
    return facts


def _refusals(stage: Stage) -> list[str]:
    """Holds that termination protection holds, then lifts it, so that the rest can be seen."""
    from botocore.exceptions import ClientError  # noqa: PLC0415 - an extra brings it

    protected = [one for one in stage.stacks() if one["protected"]]
    for stack in protected:
        client = stage.clients("cloudformation", account=stack["account"], region=stack["region"])
        try:
            client.delete_stack(StackName=stack["name"])
        except ClientError:
            client.update_termination_protection(StackName=stack["name"], EnableTerminationProtection=False)
        else:
            raise StepFailed(f"{stack['name']} is protected from termination, and was deleted")
    return (
        [f"{len(protected)} stacks protected from termination refused to be deleted; the protection was lifted then"] if protected else []
    )


def _next(stage: Stage) -> Copy:
    """The copy that the update deploys."""
    folder = stage.folder / "next"
    if stage.options.base is not None:
        copied = copy(stage.options.assembly, folder)
        stage.rewritten += [one for one in copied.rewritten if one not in stage.rewritten]
    else:
        copied = copy(stage.options.assembly, folder)
        stage.changed = change(copied, stage.chosen, _ids(stage))
        if not stage.changed:
            raise StepSkipped("the templates have no resource that could be changed harmlessly")
    stage.notes["deployed"] = copied.folder
    return copied


def against(changed: Sequence[Changed], results: Sequence[ResourceResult]) -> tuple[list[Changed], list[Changed]]:
    """Of properties that were changed, those whose resource is gone or that come back otherwise, and those that do not come back at all.

    Args:
        changed: What was changed.
        results: Every resource as compared after that.
    """
    by_place = {(one.stack, one.logical_id): one for one in results}
    contradicted, unseen = [], []
    for one in changed:
        result = by_place.get((one.stack, one.logical_id))
        found = [] if result is None else [each for each in result.differences if _is_at(each.path, one.property)]
        if result is None or any(each.is_returned for each in found):
            contradicted.append(one)
        elif found or one.property in result.unread or (result.reason and not result.returned):
            unseen.append(one)
    return contradicted, unseen


def _is_at(path: str, name: str) -> bool:
    return path == name or path.startswith((f"{name}.", f"{name}["))


def _named(changed: Sequence[Changed]) -> str:
    return ", ".join(f"{one.stack}/{one.logical_id}.{one.property}" for one in changed)


def _ids(stage: Stage) -> dict[tuple[str, str], str]:
    return {(stack["name"], one["logical_id"]): one["physical_id"] for stack in stage.stacks() for one in stack["resources"]}


def _moved(before: dict[tuple[str, str], str], after: dict[tuple[str, str], str]) -> str:
    added, removed = len(after.keys() - before.keys()), len(before.keys() - after.keys())
    replaced = sum(before[key] != after[key] for key in before.keys() & after.keys())
    return f"{added} resources added, {removed} removed, {replaced} replaced"


def _demand(ended: Ended, stage: Stage) -> None:
    if ended.exit_code == 0:
        return
    failed = [stack for stack in stage.stacks() if "ROLLBACK" in str(stack["status"]) or "FAILED" in str(stack["status"])]
    if _NO_VALUE in ended.output:
        line = next(line for line in ended.output.splitlines() if _NO_VALUE in line)
        raise StepFailed(f"{line}; a rehearsal gives parameters no values: state a default in the template")
    reasons: list[Any] = [f"{stack['name']} is {stack['status']}: {stack['reason']}" for stack in failed]
    raise StepFailed("; ".join(reasons) or f"the CDK CLI ended with exit code {ended.exit_code}:\n{ended.tail}")


def _s(count: int) -> str:
    return "" if count == 1 else "s"
