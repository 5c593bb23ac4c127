"""The Glue job of a pipeline: its version, its size, what it is told by default. What its role may do stands in `permissions.py`.

One version of Glue for every job: 5.0, whose Spark 3.5.4 is the one that the tests run on; nothing the job uses is newer. Iceberg tables
need no `--datalake-formats`: Spark judges rows, PyIceberg commits them, in Glue as on a laptop.

Runs of a product do not overlap: the job takes one at a time, and Glue queues the others. Flex runs are not queued by Glue for long (at
most 20 minutes, https://docs.aws.amazon.com/glue/latest/dg/job-run-statuses.html), so the state machine comes back for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import aws_glue as glue

from constructs_lib.pipeline.dependencies import JOB_GLUE_VERSION

if TYPE_CHECKING:
    from aws_cdk import Duration, aws_iam as iam
    from constructs import Construct

    from constructs_lib.pipeline.foundation import PipelineFoundation
    from lakemodel.contracts.model import DataContract
    from lakemodel.sizing import JobSize

GLUE_VERSION = glue.GlueVersion[f"V{JOB_GLUE_VERSION.replace('.', '_')}"]


def ingestion_job(
    scope: Construct,
    *,
    contract: DataContract,
    foundation: PipelineFoundation,
    role: iam.IRole,
    size: JobSize,
    concurrency: int,
    timeout: Duration,
) -> glue.Job:
    """The job below `scope`, as `Job`; `role` has its policies already."""
    code = foundation.code
    common: dict[str, Any] = {
        "description": f"Ingests {contract.key}",
        "role": role,
        "script": code.script,
        "extra_python_files": [code.package],
        "glue_version": GLUE_VERSION,
        "worker_configuration": glue.WorkerConfiguration(number_of_workers=size.most_workers, worker_type=_WORKERS[size.worker_type]),
        "default_arguments": {
            "--enable-auto-scaling": "true",
            "--job-bookmark-option": "job-bookmark-disable",
            **foundation.dependencies.job_arguments(),
        },
        "max_concurrent_runs": concurrency,
        "max_retries": 0,  # the state machine is the one that retries
        "timeout": timeout,
        "continuous_logging": glue.ContinuousLoggingProps(enabled=True),
        "enable_metrics": True,
        "enable_observability_metrics": True,
        "security_configuration": foundation.security_configuration,
        "connections": None if foundation.network is None else foundation.network.connections,
    }
    if size.flex:
        return glue.PySparkFlexEtlJob(scope, "Job", **common)
    return glue.PySparkEtlJob(scope, "Job", job_run_queuing_enabled=True, **common)


_WORKERS = {name.replace("_", "."): getattr(glue.WorkerType, name) for name in ("G_1X", "G_2X", "G_4X", "G_8X", "R_1X", "R_2X")}
