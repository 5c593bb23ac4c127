"""What the rehearsal asks of the executions in its emulator: what there is, whether anything goes on, deliver again, fire a schedule."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from lakecheck.rehearsal.executions import events, jobs, machines
from lakecheck.rehearsal.executions.runtime import current


def control(path: str, body: Any) -> tuple[int, Any]:
    """Answers what is asked below `/rehearsal/executions/`.

    Args:
        path: `""` for executions, job runs and deliveries; `idle` for whether nothing goes on; `redeliver` for an object's last events once
            more (body: `bucket`, `key`); `fire` for a rule's or a schedule's time (body: `name`, `account`, `region`).
        body: What it needs.

    Returns:
        An HTTP status and the answer.
    """
    match path.strip("/"):
        case "":
            return HTTPStatus.OK, told()
        case "idle":
            running = current().work.running
            return HTTPStatus.OK, {"idle": not running, "running": running}
        case "redeliver" if _has(body, "bucket", "key"):
            count = events.redeliver(body["bucket"], body["key"])
            return (HTTPStatus.OK if count else HTTPStatus.NOT_FOUND), {"events": count}
        case "fire" if _has(body, "name", "account", "region"):
            count = events.fire(body["name"], account=body["account"], region=body["region"])
            return (HTTPStatus.OK if count else HTTPStatus.NOT_FOUND), {"targets": count}
        case "redeliver" | "fire":
            return HTTPStatus.BAD_REQUEST, {"error": f"got {body}; redeliver needs bucket and key, fire needs name, account and region"}
    return HTTPStatus.NOT_FOUND, {"error": f"nothing at executions/{path}"}


def told() -> dict[str, Any]:
    """Executions, job runs and deliveries, each in the order in which they began."""
    return {
        "executions": [
            {
                "arn": one.execution_arn,
                "machine": one.state_machine_arn,
                "status": one.status,
                "input": one.execution_input,
                "output": one.output,
                "error": one.error,
                "cause": one.cause,
            }
            for one in machines.kept_executions()
        ],
        "job_runs": [
            {
                "id": run.job_run_id,
                "job": run.job_name,
                "account": job.backend.account_id,
                "region": job.backend.region_name,
                "status": run.status,
                "seconds": run.execution_seconds,
                "error": run.error,
                "log": run.log,
            }
            for job, run in jobs.kept_runs()
        ],
        "deliveries": list(current().deliveries),
    }


def _has(body: Any, *names: str) -> bool:
    return isinstance(body, dict) and all(isinstance(body.get(name), str) for name in names)
