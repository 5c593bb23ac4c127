"""Data outlives its stack unless two people said otherwise."""

from __future__ import annotations

import aws_cdk as cdk
import pytest
from aws_cdk import RemovalPolicy

from constructs_lib.core import allow_destroy, misuse, protect_stack, removal_policy
from lakemodel.errors import DataLakeError
from tests.support import new_app, new_stack


def test_data_is_retained_when_nothing_is_said() -> None:
    """RETAIN is the default."""
    assert removal_policy(new_stack(), None) is RemovalPolicy.RETAIN


@pytest.mark.parametrize("policy", [RemovalPolicy.RETAIN, RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE])
def test_retaining_needs_no_permission(policy: RemovalPolicy) -> None:
    """What keeps data is never refused."""
    assert removal_policy(new_stack(), policy) is policy


@pytest.mark.parametrize("policy", [RemovalPolicy.DESTROY, RemovalPolicy.SNAPSHOT])
def test_fails_when_data_would_go_where_nobody_allowed_it(policy: RemovalPolicy) -> None:
    """The prop alone destroys nothing; the message names the remedy and the place."""
    with pytest.raises(DataLakeError, match=r"^Test: removal policy \w+ would delete data; .*allow_destroy") as caught:
        removal_policy(new_stack(), policy)
    assert caught.value.code == "destroy_not_allowed"


def test_destroy_is_taken_below_what_allows_it_and_nowhere_else() -> None:
    """Permission is the stage's and does not leak to its neighbour."""
    app = new_app()
    dev, prod = cdk.Stage(app, "Dev"), cdk.Stage(app, "Prod")
    allow_destroy(dev)
    assert removal_policy(cdk.Stack(dev, "Lake"), RemovalPolicy.DESTROY) is RemovalPolicy.DESTROY
    with pytest.raises(DataLakeError):
        removal_policy(cdk.Stack(prod, "Lake"), RemovalPolicy.DESTROY)


def test_a_protected_stack_cannot_be_deleted_by_mistake() -> None:
    """Termination protection is off until asked for."""
    stack = new_stack()
    assert not stack.termination_protection
    protect_stack(stack)
    assert stack.termination_protection


def test_misuse_names_the_place_and_keeps_its_code() -> None:
    """The error is ours, is a ValueError, and starts with the construct's path."""
    error = misuse(new_stack(), "got this; allowed is that", code="some_code")
    assert isinstance(error, DataLakeError)
    assert isinstance(error, ValueError)
    assert (str(error), error.code, error.where) == ("Test: got this; allowed is that", "some_code", "Test")
