"""Runs cfn-lint and CloudFormation's native validation over a template whose Metadata is gone, so that nothing in it silences them."""

from __future__ import annotations

import json
from typing import Any

import cfnlint
import cloudformation_validate as native
from cfnlint.config import ManualArgs

_NOT_WRONG = ("W3005",)  # a DependsOn that a reference implies already
_NOT_WRONG_OF = {
    ("W9002", "AWS::SSO::PermissionSet"),
    ("W9002", "AWS::SSO::Assignment"),  # no template can make an Identity Center instance
    ("W9002", "AWS::Config::DeliveryChannel"),
    ("W9013", "AWS::Config::DeliveryChannel"),
    ("W9013", "AWS::CloudTrail::Trail"),  # the archive's key is another account's, known by its alias
}


def lint(template: dict[str, Any], *, account: str, region: str) -> list[str]:
    """What either of the two says, as `tool rule where: message`; empty when the template is clean."""
    bare = _without_metadata(template)
    text = json.dumps(bare, indent=1)
    found = [
        f"cfn-lint {match.rule.id} {'/'.join(map(str, match.path or ()))}: {match.message}"
        for match in cfnlint.lint(text, config=ManualArgs(regions=[region], ignore_checks=list(_NOT_WRONG)))
    ]
    pseudo = native.PseudoParameterOverrides(account_id=account, region=region)
    config = native.ValidateConfig(severity_level=native.Severity.WARN, pseudo_parameter_overrides=pseudo)
    report = native.RegoEngine().validate_template(native.TemplateContent(text, "template.json"), config)
    found += [
        f"cloudformation-validate {diagnostic.rule_id} {diagnostic.entity}: {diagnostic.message}"
        for diagnostic in report.diagnostics
        if diagnostic.rule_id not in _NOT_WRONG and (diagnostic.rule_id, diagnostic.entity.resource_type) not in _NOT_WRONG_OF
    ]
    return found


def _without_metadata(template: dict[str, Any]) -> dict[str, Any]:
    bare = {key: value for key, value in template.items() if key != "Metadata"}
    bare["Resources"] = {
        name: {key: value for key, value in resource.items() if key != "Metadata"} for name, resource in template["Resources"].items()
    }
    return bare
