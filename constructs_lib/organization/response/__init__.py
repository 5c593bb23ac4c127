"""What answers findings, in the security account; what it needs in the others is in `constructs_lib.baseline`."""

from constructs_lib.organization.response.patterns import elsewhere
from constructs_lib.organization.response.responders import Responders
from lakemodel.config.model import Response

__all__ = ["Responders", "Response", "elsewhere"]
