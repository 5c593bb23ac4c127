"""Resources that the emulator's own CloudFormation makes, as far as it knows their type."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from moto.cloudformation.parsing import get_model_map, resource_name_property_from_type
from moto.core.exceptions import ServiceException
from werkzeug.exceptions import HTTPException

from lakecheck.rehearsal.cloudformation.handlers import By, Made, Placeholder

if TYPE_CHECKING:
    from lakecheck.rehearsal.adapters.model import Resource


LOG = logging.getLogger(__name__)
_REFUSALS: Final = (HTTPException, ServiceException)
"""What moto raises where a service refuses; everything else is a fault of moto's, which AWS does not have."""
_LONGEST_NAMES: Final = {"AWS::ElasticLoadBalancingV2::LoadBalancer": 32, "AWS::ElasticLoadBalancingV2::TargetGroup": 32}
"""Most letters of a generated name, where there may be fewer than 64."""


def is_known(resource_type: str) -> bool:
    """Whether the emulator knows how to make a type."""
    return resource_type in get_model_map()


class EmulatorHandler:
    """Leaves it to moto's model of the type; where that fails by a fault of its own, nobody makes the resource."""

    def create(self, resource: Resource) -> Made:
        """Makes one."""
        try:
            return self._made(resource)
        except _REFUSALS:
            raise
        except Exception as error:  # noqa: BLE001 - whatever moto's own code raises
            return Placeholder(_fault(error)).create(resource)

    def _made(self, resource: Resource) -> Made:
        model = get_model_map()[resource.type]
        named_by = resource_name_property_from_type(resource.type) or ""
        name = resource.properties.get(named_by) or resource.generated_name(
            most=_LONGEST_NAMES.get(resource.type, 64), lower=resource.type == "AWS::S3::Bucket"
        )
        made = model.create_from_cloudformation_json(
            name,
            _document(resource),
            resource.account,
            resource.region,
            LogicalId=resource.logical_id,
            StackId=resource.stack_id,
            ResourceType=resource.type,
        )
        return Made(str(getattr(made, "physical_resource_id", name)), By.EMULATOR, state=made)

    def update(self, resource: Resource, made: Made) -> Made | None:
        """Changes one in place, if the model can."""
        if made.by is By.NOBODY:
            return made
        model = type(made.state)
        if getattr(model.update_from_cloudformation_json, "__isabstractmethod__", False):
            return None
        try:
            changed = model.update_from_cloudformation_json(
                original_resource=made.state,
                new_resource_name=made.physical_id,
                cloudformation_json=_document(resource),
                account_id=resource.account,
                region_name=resource.region,
            )
        except NotImplementedError:
            return None
        except _REFUSALS:
            raise
        except Exception as error:  # noqa: BLE001 - whatever moto's own code raises
            return Made(made.physical_id, By.NOBODY, state=_fault(error))
        state = made.state if changed is None else changed
        return Made(str(getattr(state, "physical_resource_id", made.physical_id)), By.EMULATOR, state=state)

    def delete(self, resource: Resource, made: Made) -> None:
        """Deletes one."""
        if made.by is By.NOBODY:
            return
        try:
            self._delete(resource, made)
        except _REFUSALS:
            raise
        except Exception:
            LOG.exception("%s (%s): the emulator's own code failed when it was deleted", resource.logical_id, resource.type)

    def _delete(self, resource: Resource, made: Made) -> None:
        model = type(made.state)
        if not getattr(model.delete_from_cloudformation_json, "__isabstractmethod__", False):
            try:
                model.delete_from_cloudformation_json(made.physical_id, _document(resource), resource.account, resource.region)
            except NotImplementedError:
                pass
            else:
                return
        if hasattr(made.state, "delete"):
            made.state.delete(resource.account, resource.region)

    def attribute(self, _resource: Resource, made: Made, name: str) -> Any:
        """An attribute that the model knows."""
        from moto.cloudformation.exceptions import UnformattedGetAttTemplateException  # noqa: PLC0415 - beside its only use

        try:
            return made.state.get_cfn_attribute(name)
        except (UnformattedGetAttTemplateException, NotImplementedError, AttributeError, KeyError, TypeError) as error:
            raise KeyError(name) from error


def _document(resource: Resource) -> dict[str, Any]:
    return {"Type": resource.type, "Properties": dict(resource.properties)}


def _fault(error: Exception) -> str:
    return f"the emulator's own code failed on it: {type(error).__name__}: {error}"
