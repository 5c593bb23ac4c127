"""Athena: workgroups, named queries, prepared statements, data catalogs."""

from __future__ import annotations

from lakecheck.rehearsal.adapters.model import ID, Adapter, Read, call, prop, tag_list

ADAPTERS = (
    Adapter(
        type="AWS::Athena::WorkGroup",
        service="athena",
        name="Name",
        create=call("create_work_group", everything=True, Name=ID, Configuration=prop("WorkGroupConfiguration"), Tags=tag_list),
        update=call(
            "update_work_group",
            WorkGroup=ID,
            Description=prop("Description"),
            State=prop("State"),
            ConfigurationUpdates=prop("WorkGroupConfiguration"),
        ),
        delete=call("delete_work_group", WorkGroup=ID, RecursiveDeleteOption=True),
        read=Read(
            call("get_work_group", WorkGroup=ID),
            at="WorkGroup",
            words={"WorkGroupConfiguration": "Configuration"},
            absent=("InvalidRequestException",),
        ),
        unread=("RecursiveDeleteOption",),
    ),
    Adapter(
        type="AWS::Athena::NamedQuery",
        service="athena",
        create=call("create_named_query", everything=True, returns="NamedQueryId"),
        delete=call("delete_named_query", NamedQueryId=ID),
        read=Read(call("get_named_query", NamedQueryId=ID), at="NamedQuery", absent=("InvalidRequestException",)),
        attributes={"NamedQueryId": "{id}"},
    ),
)
