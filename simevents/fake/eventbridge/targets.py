"""The actions on the targets of a rule."""

from ..protocol.api_errors import ApiError
from ..protocol.call import AnswerMembers, Call
from ..protocol.registry import action
from ..state.cloud import Cloud
from . import buses, errors, rule_table, target_members
from .answers import PRODUCT, page, shown, success

_LISTED = ("Id", "Type", "Endpoint", "ErrorsTolerance", "ParamList", "ConcurrentConfig")


@action(*PRODUCT, "PutTargets", honours="EventBusName RuleName Targets RegionId")
def put_targets(cloud: Cloud, call: Call) -> AnswerMembers:
    """Creates targets, or replaces those with the same ids; all of them or none."""
    bus = buses.of_call(cloud, call)
    rule = rule_table.get(cloud, bus, call.required("RuleName"))
    _, name = rule_table.names(rule)
    given = target_members.read(call.required("Targets"), "Targets", bus, name)
    merged = {target["Id"]: target for target in rule.attributes["Targets"]}
    merged |= {target["Id"]: target for target in given}
    cloud.store.modify(rule, Targets=list(merged.values()))
    cloud.rules_changed()
    return _with_errors([])


@action(*PRODUCT, "DeleteTargets", honours="EventBusName RuleName TargetIds RegionId")
def delete_targets(cloud: Cloud, call: Call) -> AnswerMembers:
    """Deletes the targets that exist; the answer names the others."""
    bus = buses.of_call(cloud, call)
    rule = rule_table.get(cloud, bus, call.required("RuleName"))
    _, name = rule_table.names(rule)
    ids = target_members.objects(call.required("TargetIds"), "TargetIds")
    if not all(isinstance(id, str) for id in ids):
        raise ApiError(errors.JSON_INVALID, member="TargetIds", reason="its elements must be texts")
    targets = {target["Id"]: target for target in rule.attributes["Targets"]}
    unknown = [id for id in dict.fromkeys(ids) if targets.pop(id, None) is None]
    cloud.store.modify(rule, Targets=list(targets.values()))
    cloud.rules_changed()
    missing = errors.TARGET_NOT_FOUND
    return _with_errors(
        [
            {
                "EntryId": shown(id),
                "ErrorCode": missing.code,
                "ErrorMessage": missing.text.format(target=shown(id), rule=name, bus=bus),
            }
            for id in unknown
        ]
    )


@action(*PRODUCT, "ListTargets", honours="EventBusName RuleName Arn Limit NextToken RegionId")
def list_targets(cloud: Cloud, call: Call) -> AnswerMembers:
    bus, name, arn = buses.of_call(cloud, call), call.text("RuleName"), call.text("Arn")
    rules = [rule_table.get(cloud, bus, name)] if name else rule_table.of_bus(cloud, bus)
    found = [
        {member: target[member] for member in _LISTED if member in target}
        | {"EventBusName": bus, "RuleName": rule_table.names(rule)[1]}
        for rule in rules
        for target in rule.attributes["Targets"]
        if arn in ("", target["Endpoint"])
    ]
    return page(call, "Targets", found)


def _with_errors(entries: list[AnswerMembers]) -> AnswerMembers:
    return success({"ErrorEntriesCount": len(entries), "ErrorEntries": entries})
