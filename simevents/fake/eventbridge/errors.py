"""What EventBridge refuses: code and text. It answers with HTTP 200, and Success is false.

Sources: the vendor's page "Error codes" of EventBridge, the Terraform provider, and for most
texts apache/rocketmq-eventbridge, the bus that the vendor published.
"""

from ..delivery.eventbridge.patterns import PatternError
from ..protocol.api_errors import Code

BUS_NOT_FOUND = Code("EventBusNotExist", 200, "The event bus [{bus}] not existed!")
BUS_NAME_INVALID = Code("EventBusNameInvalid", 200, "The event bus name [{bus}] is invalid!")
BUS_EXISTS = Code("EventBusAlreadyExist", 200, "The event bus [{bus}] already existed!")
BUS_HAS_RULES = Code(
    "EventBusRuleNotEmptyForDelete",
    200,
    "The rules of eventbus [{bus}] exist, please delete them before delete event bus.",
)
BUS_IS_DEFAULT = Code("OperationDenied", 200, "The event bus [default] can not be deleted.")
RULE_NOT_FOUND = Code(
    "EventRuleNotExisted", 200, "The event rule [{rule}] of event bus [{bus}] not existed!"
)
RULE_NAME_INVALID = Code("EventRuleNameInvalid", 200, "The event rule name [{rule}] is invalid!")
RULE_EXISTS = Code(
    "EventRuleAlreadyExist", 200, "The event rule [{rule}] of event bus [{bus}] already existed!"
)
PATTERN_INVALID = Code(PatternError.code, 200, "{reason}")
TARGET_NOT_FOUND = Code(
    "EventTargetNotExist",
    200,
    "The event target [{target}] of event rule [{rule}] on eventbus [{bus}] is not existed!",
)
TARGET_TWICE = Code(
    "EventTargetAlreadyExist",
    200,
    "The event target [{target}] of event rule [{rule}] on eventbus [{bus}] already existed!",
)
TARGET_TYPE_UNKNOWN = Code(
    "EventTargetClassNotExist", 200, "The event target class [{type}] not existed!"
)
TARGET_MEMBER_MISSING = Code(
    "EventTargetMissingAttribute", 200, "Missing the attribute [{target}:{member}]"
)
TARGET_MEMBER_INVALID = Code(
    "EventTargetIneffectiveAttribute",
    200,
    "The attribute [{target}:{member}] is ineffective, which effective attribute is [{wanted}].",
)
JSON_INVALID = Code(
    "JsonAttributeInvalid", 200, "The Json attribute [{member}] is invalid: {reason}"
)
LIMIT_INVALID = Code(
    "LimitSizeInvalid",
    200,
    "The limit size of page is invalid, which must greater than 0 and less than [{most}].",
)
MORE_BUSES = Code(
    "PutEventsRequestMoreThanOneEventBus",
    200,
    "The put events request has more than one event bus [{buses}]",
)
