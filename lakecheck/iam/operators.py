"""The names of IAM's condition operators: which there are, which of them negate, and how a document may spell them."""

from __future__ import annotations

from typing import Final

EACH_NEGATED: Final = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}
"""The negated operators, each with what it negates."""

OPERATORS: Final = frozenset(
    {
        *EACH_NEGATED,
        *EACH_NEGATED.values(),
        "NumericLessThan",
        "NumericLessThanEquals",
        "NumericGreaterThan",
        "NumericGreaterThanEquals",
        "DateLessThan",
        "DateLessThanEquals",
        "DateGreaterThan",
        "DateGreaterThanEquals",
        "Bool",
        "BinaryEquals",
        "Null",
    },
)
"""Every operator, without set prefix and `IfExists`.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

WITH_VARIABLES: Final = frozenset(name for name in OPERATORS if name.startswith(("String", "Arn")))
"""The operators in whose values policy variables are replaced.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

_BY_LOWER: Final = {name.lower(): name for name in OPERATORS}
_QUANTIFIERS: Final = {"forallvalues": "ForAllValues", "foranyvalue": "ForAnyValue"}
_IF_EXISTS: Final = "ifexists"


def split_operator(text: str) -> tuple[str, str, bool] | None:
    """Quantifier, operator and whether it ends in `IfExists`, in IAM's spelling; None when there is no such operator.

    Args:
        text: As a document has it, in any case, such as `ForAnyValue:StringLikeIfExists`.
    """
    head, colon, tail = text.strip().partition(":")
    quantifier = _QUANTIFIERS.get(head.strip().lower()) if colon else ""
    if quantifier is None:
        return None
    name = (tail if colon else head).strip().lower()
    if_exists = name.endswith(_IF_EXISTS)
    operator = _BY_LOWER.get(name.removesuffix(_IF_EXISTS) if if_exists else name)
    if operator is None or (operator == "Null" and if_exists):
        return None
    return quantifier, operator, if_exists
