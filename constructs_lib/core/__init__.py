"""What every construct stands on: acknowledgements, protection of data, complaints."""

from constructs_lib.core.acknowledgements import ACKNOWLEDGEMENT_METADATA, LIBRARY_OWNER, acknowledge
from constructs_lib.core.complaints import misuse
from constructs_lib.core.protection import allow_destroy, protect_stack, removal_policy

__all__ = [
    "ACKNOWLEDGEMENT_METADATA",
    "LIBRARY_OWNER",
    "acknowledge",
    "allow_destroy",
    "misuse",
    "protect_stack",
    "removal_policy",
]
