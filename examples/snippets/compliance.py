"""The snippets of constructs_lib/compliance/README.md; each function runs in a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk

from constructs_lib.compliance import (
    LakeConformancePack,
    add_access_invariants,
    add_compliance_packs,
    add_lake_rules,
    add_policy_sizes,
)
from constructs_lib.core import acknowledge
from constructs_lib.storage import LakeKey

if TYPE_CHECKING:
    from aws_cdk import aws_s3 as s3


class SalesStack(cdk.Stack):
    def __init__(self, scope: cdk.App, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        LakeKey(self, "Key", description="anything that complies")


def packs() -> cdk.App:
    app = cdk.App()
    SalesStack(app, "Sales")
    add_compliance_packs(app)
    app.synth()  # raises if a rule is violated and not acknowledged
    return app


def invariants() -> cdk.App:
    app = cdk.App()
    add_access_invariants(app, "config/access.yaml", supplement="config/estate.yaml")
    return app


def policy_sizes() -> cdk.App:
    app = cdk.App()
    add_policy_sizes(app)
    return app


def after_deployment(self: cdk.Stack) -> None:
    LakeConformancePack(self, "Pack", left_out=["query.metrics_off"])


def lake_rules() -> cdk.App:
    app = cdk.App()
    add_lake_rules(app, supplement="config/estate.yaml")
    return app


def acknowledged(bucket: s3.Bucket) -> None:
    # --8<-- [start:acknowledged]
    acknowledge(
        bucket,
        "AwsSolutions::AwsSolutions-S1",
        reason="it is itself the target of access logs; logging its own deliveries would never end",
        owner="platform-team",
    )
    # --8<-- [end:acknowledged]
