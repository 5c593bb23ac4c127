"""What every construct stands on: acknowledgements, protection of data, complaints, a stack that has nothing yet."""

from constructs_lib.core.acknowledgements import ACKNOWLEDGEMENT_METADATA, LIBRARY_OWNER, acknowledge
from constructs_lib.core.complaints import misuse
from constructs_lib.core.handlers import HandlerFunction, runtime_code
from constructs_lib.core.perimeter import DataPerimeter, data_perimeter, perimeter_of
from constructs_lib.core.placeholder import Placeholder
from constructs_lib.core.protection import allow_destroy, protect_stack, removal_policy
from constructs_lib.core.trust import SERVICE_TRUSTS, ServiceTrust, SourceArn, trusted_service
from constructs_lib.core.wildcards import acknowledge_wildcards

__all__ = [
    "ACKNOWLEDGEMENT_METADATA",
    "LIBRARY_OWNER",
    "SERVICE_TRUSTS",
    "DataPerimeter",
    "HandlerFunction",
    "Placeholder",
    "ServiceTrust",
    "SourceArn",
    "acknowledge",
    "acknowledge_wildcards",
    "allow_destroy",
    "data_perimeter",
    "misuse",
    "perimeter_of",
    "protect_stack",
    "removal_policy",
    "runtime_code",
    "trusted_service",
]
