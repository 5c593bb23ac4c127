"""The archive that CloudFormation makes of code written into a template: always the same bytes for the same code.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-lambda-function-code.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-lambda-function-code-cfnresponsemodule.html
"""

from __future__ import annotations

import io
import zipfile
from typing import Final

_MADE: Final = (1980, 1, 1, 0, 0, 0)

# CloudFormation puts a module of this name beside code in a template, which answers its custom resources. AWS's own needs urllib3.
_ANSWERS: Final = '''"""Answers CloudFormation on behalf of a custom resource."""

import json
import urllib.request

SUCCESS = "SUCCESS"
FAILED = "FAILED"


def send(event, context, responseStatus, responseData, physicalResourceId=None, noEcho=False, reason=None):
    body = json.dumps(
        {
            "Status": responseStatus,
            "Reason": reason or f"See the details in CloudWatch Log Stream: {context.log_stream_name}",
            "PhysicalResourceId": physicalResourceId or context.log_stream_name,
            "StackId": event["StackId"],
            "RequestId": event["RequestId"],
            "LogicalResourceId": event["LogicalResourceId"],
            "NoEcho": noEcho,
            "Data": responseData,
        }
    ).encode()
    request = urllib.request.Request(event["ResponseURL"], data=body, method="PUT", headers={"content-type": ""})
    with urllib.request.urlopen(request) as answer:
        print("Status code:", answer.status)
'''


def archive(code: str, runtime: str) -> bytes:
    """The archive of code in a template: `index.py` or `index.js`, and for Python the module `cfnresponse`.

    Args:
        code: The text of the property `ZipFile`.
        runtime: `python3.13`, `nodejs22.x`; anything that is not Node counts as Python.
    """
    files = {"index.js": code} if runtime.startswith("nodejs") else {"index.py": code, "cfnresponse.py": _ANSWERS}
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as target:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name, _MADE)
            entry.external_attr = 0o644 << 16
            target.writestr(entry, text)
    return whole.getvalue()
