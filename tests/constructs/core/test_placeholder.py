"""A stack that has nothing yet."""

from __future__ import annotations

from constructs_lib.core import Placeholder
from tests.support import new_stack, template


def test_it_is_one_resource_without_properties() -> None:
    """No cost, no effect, nothing that could be drifted or scanned."""
    stack = new_stack()
    placeholder = Placeholder(stack, "Nothing")
    assert placeholder.node.default_child is not None
    assert list(template(stack)["Resources"].values()) == [{"Type": "AWS::CloudFormation::WaitConditionHandle"}]
