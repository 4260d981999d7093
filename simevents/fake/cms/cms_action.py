"""How the actions of CloudMonitor are registered, and their errors.

Source: the error table of SendDryRunSystemEvent, the only one of these actions that has one.
"""

from functools import partial

from ..protocol.api_errors import Code
from ..protocol.call import AnswerMembers
from ..protocol.registry import action

MISSING_PARAMETER = Code(
    "ParameterInvalid", 400, "Illegal parameters: {name} is mandatory for this action."
)
INVALID_PARAMETER = Code(
    "ParameterInvalid", 400, "Illegal parameters: {name} is not valid: {reason}."
)
RULE_NOT_FOUND = Code(
    "ResourceNotFound", 404, "The specified resource is not found: there is no rule {name}."
)

cms_action = partial(
    action, "Cms", "2019-01-01", missing=MISSING_PARAMETER, invalid=INVALID_PARAMETER
)


def success() -> AnswerMembers:
    """The members that every answer has besides its own."""
    return {"Code": "200", "Message": "success", "Success": True}
