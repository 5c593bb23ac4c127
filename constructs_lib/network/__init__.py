"""A network for jobs that has no way to the internet, and what AWS's services are reached through in it."""

from constructs_lib.network.default_group import ClosedDefaultGroup
from constructs_lib.network.endpoints import JOB_ENDPOINTS, Endpoint
from constructs_lib.network.flow_logs import FlowLogs
from constructs_lib.network.job_network import JobNetwork, JobSubnet
from constructs_lib.network.permissions import NETWORK_REASONS, job_network_statements

__all__ = [
    "JOB_ENDPOINTS",
    "NETWORK_REASONS",
    "ClosedDefaultGroup",
    "Endpoint",
    "FlowLogs",
    "JobNetwork",
    "JobSubnet",
    "job_network_statements",
]
