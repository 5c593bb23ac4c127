"""moto in this process, and a new lake for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from moto import mock_aws

from tests.pipeline_runs.aws import Clients
from tests.pipeline_runs.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="session")
def clients() -> Clients:
    """boto3's clients; they reach moto whenever it is on, and nothing else ever."""
    return Clients()


@pytest.fixture
def new_world(clients: Clients) -> Iterator[Callable[..., World]]:
    """Makes lakes, one after the other: each begins with nothing. Their jobs are modelled unless others are given."""
    mocks = [mock_aws()]
    mocks[0].start()

    def make(jobs: Any = None) -> World:
        mocks[0].stop()
        mocks[0] = mock_aws()
        mocks[0].start()
        return World(clients, jobs)

    yield make
    mocks[0].stop()


@pytest.fixture
def world(new_world: Callable[[], World]) -> World:
    """A lake."""
    return new_world()
