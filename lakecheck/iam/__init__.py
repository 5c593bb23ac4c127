"""IAM evaluation as AWS documents it: one request against every layer of policies, concretely or with what is not known left open.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from lakecheck.iam.documents import PolicyKind, parse_policy, read_policy
from lakecheck.iam.evaluator import evaluate
from lakecheck.iam.model import (
    Caller,
    CallerKind,
    ConditionTest,
    Context,
    Decision,
    Effect,
    Layer,
    Layers,
    Matched,
    Policy,
    Request,
    ResourceKind,
    Statement,
)
from lakecheck.iam.simulation import decide

__all__ = [
    "Caller",
    "CallerKind",
    "ConditionTest",
    "Context",
    "Decision",
    "Effect",
    "Layer",
    "Layers",
    "Matched",
    "Policy",
    "PolicyKind",
    "Request",
    "ResourceKind",
    "Statement",
    "decide",
    "evaluate",
    "parse_policy",
    "read_policy",
]
