"""The API's errors as data: code, HTTP status and text.

Where the current documentation has only ``%s`` as a text, the text is the one that the
vendor published in 2018. The actions raise these errors; `dispatch` makes answers of them.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """One documented error. `ApiError` replaces ``{name}`` fields in its code and text."""

    code: str
    status: int
    text: str
    is_gap: bool = False
    """If true, the fake lacks something; the journal marks the call as unexpected."""


class ApiError(Exception):
    """The cloud refuses a request with one of the errors below."""

    def __init__(
        self, code: Code, *, status: int | None = None, keeps_changes: bool = False, **fields: str
    ) -> None:
        self.is_gap = code.is_gap
        self.keeps_changes = keeps_changes
        """If true, changes made before the error are saved; otherwise they are undone."""
        self.code = code.code.format(**fields) if fields else code.code
        self.status = status or code.status
        self.text = code.text.format(**fields) if fields else code.text
        super().__init__(f"{self.code}: {self.text}")


# Protocol errors: any call can fail with these before its action runs.
ACCESS_KEY_UNKNOWN = Code("InvalidAccessKeyId.NotFound", 404, "Specified access key is not found.")
INCOMPLETE_SIGNATURE = Code(
    "IncompleteSignature",
    400,
    "The request signature does not conform to Aliyun standards. {reason}",
)
# The vendor's old SDK splits this text at its first colon and crashes if there is none.
SIGNATURE_MISMATCH = Code(
    "SignatureDoesNotMatch",
    400,
    "Specified signature is not matched with our calculation. "
    "server string to sign is:{string_to_sign}",
)
NONCE_USED = Code("SignatureNonceUsed", 400, "Specified signature nonce was used already.")
TIMESTAMP_FORMAT = Code(
    "InvalidTimeStamp.Format",
    400,
    "Specified time stamp or date value is not well formatted.",
)
TIMESTAMP_EXPIRED = Code(
    "InvalidTimeStamp.Expired", 400, "Specified time stamp or date value is expired."
)
SECURITY_TOKEN_EXPIRED = Code(
    "InvalidSecurityToken.Expired", 400, "Specified SecurityToken is expired."
)
SECURITY_TOKEN_MISMATCH = Code(
    "InvalidSecurityToken.MismatchWithAccessKey",
    400,
    "Specified SecurityToken mismatch with the AccessKey.",
)
THROTTLED = Code("Throttling.User", 400, "Request was denied due to user flow control.")
REGION_UNKNOWN = Code("InvalidRegionId.NotFound", 404, "The specified RegionId does not exist.")
IDEMPOTENT_MISMATCH = Code(
    "IdempotentParameterMismatch",
    400,
    "Request uses a client token in a previous request but is not identical to that request.",
)
# 400 and never 404: the Terraform provider reads any 404 as "this resource is gone".
UNKNOWN_ACTION = Code(
    "UnsupportedOperation",
    400,
    "The fake cloud does not cover {action}. simevents fake --list-actions prints what it covers.",
    is_gap=True,
)
UNKNOWN_VERSION = Code(
    "InvalidVersion", 400, "The fake cloud covers no API of version {version}.", is_gap=True
)
TAUGHT_ANSWER_FAILED = Code(
    "InternalError", 500, "The answer that the test has taught for {call} failed: {reason}."
)
UNKNOWN_PATH = Code(
    "InvalidApi.NotFound",
    400,
    "Specified api is not found, please check your url and method.",
    is_gap=True,
)
TOO_MANY_PARAMETERS = Code("InvalidParameter", 400, "The request has too many parameters.")
UNKNOWN_PARAMETER = Code(
    "UnsupportedParameter", 400, "{action} has no parameter {parameter}.", is_gap=True
)
# The API has the parameter, but the fake cannot honour it, and to ignore it would be wrong.
NOT_COVERED = Code(
    "UnsupportedParameter",
    400,
    "The fake cloud does not cover the parameter {parameter} of {action}.",
    is_gap=True,
)
METHOD_UNSUPPORTED = Code("UnsupportedHTTPMethod", 400, "This http method is not supported.")
MISSING_COMMON = Code("Missing{name}", 400, "{name} is mandatory for this action.")

# Parameter errors: first those of the system-event actions, then those of all other actions.
EVENT_MISSING_PARAMETER = Code(
    "MissingParameter",
    404,
    "The input parameter that is mandatory for processing this request is not supplied: {name}.",
)
EVENT_INVALID_PARAMETER = Code(
    "InvalidParameter", 403, "The specified parameter {name} is not valid: {reason}."
)
MISSING_PARAMETER = Code(
    "MissingParameter", 400, "The input parameter {name} is mandatory for this action."
)
INVALID_PARAMETER = Code(
    "InvalidParameter", 400, "The specified parameter {name} is not valid: {reason}."
)

# System events.
NOT_BEFORE_PASSED = Code(
    "InvalidNotBefore.Passed", 403, "The NotBefore of system event has passed."
)
EVENT_INSTANCE_NOT_FOUND = Code("InvalidInstanceId.NotFound", 404, "Cannot find InstanceId.")
EVENT_LIMIT = Code(
    "SimulatedEventLimitExceeded",
    403,
    "The amount of active simulated system event exceeds limit.",
)
INSTANCE_ID_LIMIT = Code(
    "InstanceIdLimitExceeded", 403, "The amount of InstanceId specified exceeds limit."
)
# As documented, the status is 400 for the cancel action and 403 for the two read actions.
CANCEL_EVENT_ID_LIMIT = Code(
    "EventIdLimitExceeded", 400, "The amount of EventId specified exceeds limit."
)
READ_EVENT_ID_LIMIT = Code(
    "EventIdLimitExceeded", 403, "The amount of EventId specified exceeds limit."
)
EVENT_NOT_FOUND = Code("InvalidEventId.NotFound", 403, "Cannot find EventId.")
EVENT_NOT_SIMULATED = Code(
    "CannotCancelSystemEvent.NotSimulated",
    403,
    "Cannot cancel system event generated by system.",
)
TIME_END_BEFORE_START = Code(
    "InvalidParameter.TimeEndBeforeStart", 403, "The end time is before the start time."
)
NOT_IN_WHITE_LIST = Code(
    "OperationDenied.NotInWhiteList", 403, "You are not authorized to use this feature."
)
NO_INQUIRING_EVENT = Code(
    "InvalidEventId.NoInquiringEventFound", 404, "No inquiring event with this EventId is found."
)
REAL_OPS_REFUSED = Code(
    "UnsupportedParameter",
    400,
    "TriggerRealOps=true really stops or releases instances; the fake cloud refuses it.",
)

# Instances, security groups and networks.
INSTANCE_NOT_FOUND = Code(
    "InvalidInstanceId.NotFound", 404, "The specified InstanceId does not exist."
)
INSTANCE_DUPLICATE = Code(
    "InvalidInstanceId.Duplicate", 400, "The instance {instance_id} exists already."
)
INSTANCE_STATUS = Code(
    "IncorrectInstanceStatus",
    403,
    "The current status of the resource does not support this operation.",
)
DRY_RUN = Code(
    "DryRunOperation",
    400,
    "Request validation has been passed with DryRun flag set.",
)
REDEPLOY_REFUSED = Code(
    "InvalidOperation.RedeployInstance",
    403,
    "The instance has no system event that can be answered by redeploying it; a simulated one "
    "cannot.",
)
DELETION_PROTECTED = Code(
    "InvalidOperation.DeletionProtection",
    403,
    "The operation is not allowed due to deletion protection.",
)
VPC_NOT_FOUND = Code("InvalidVpcID.NotFound", 404, "Specified VPC does not exist.")
VPC_HAS_VSWITCHES = Code(
    "DependencyViolation.VSwitch", 400, "Specified VPC still has vSwitches: {dependents}."
)
VPC_HAS_SECURITY_GROUPS = Code(
    "DependencyViolation.SecurityGroup",
    400,
    "Specified VPC still has security groups: {dependents}.",
)
VSWITCH_NOT_FOUND = Code(
    "InvalidVSwitchId.NotFound", 404, "Specified virtual switch does not exist."
)
VSWITCH_IN_USE = Code(
    "DependencyViolation",
    400,
    "Specified virtual switch still has instances: {dependents}.",
)
# Source of the address errors: the error codes of RunInstances and AllocatePublicIpAddress.
PRIVATE_ADDRESS_MALFORMED = Code(
    "InvalidPrivateIpAddress.Malformed", 400, "Specified private IP address is malformed."
)
PRIVATE_ADDRESS_OUTSIDE = Code(
    "InvalidPrivateIpAddress",
    400,
    "Specified private IP address is not in the CIDR block of virtual switch.",
)
PRIVATE_ADDRESS_TAKEN = Code(
    "InvalidPrivateIpAddress.Duplicated", 400, "Specified private IP address is duplicated."
)
PRIVATE_ADDRESSES_EXHAUSTED = Code(
    "QuotaExceeded.PrivateIpAddress", 400, "Don't have enough private IPs in this switch."
)
PUBLIC_ADDRESS_TAKEN = Code("IpInUse", 403, "The specified IP is already in use.")
CIDR_INVALID = Code("InvalidCidrBlock", 400, "Specified CIDR block is not valid: {reason}.")
SECURITY_GROUP_NOT_FOUND = Code(
    "InvalidSecurityGroupId.NotFound",
    404,
    "The specified SecurityGroupId does not exist.",
)
SECURITY_GROUP_IN_USE = Code(
    "DependencyViolation",
    403,
    "There is still instance(s) in the specified security group: {dependents}.",
)
COMMAND_INSTANCE_NOT_FOUND = Code(
    "InvalidInstance.NotFound", 404, "The specified instance does not exist."
)
COMMAND_NOT_FOUND = Code("InvalidCmdId.NotFound", 404, "The specified command ID does not exist.")
COMMAND_TYPE_UNKNOWN = Code(
    "InvalidCmdType.NotFound", 403, "The specified command type does not exist."
)
COMMAND_PARAMETERS_DISABLED = Code(
    "Parameter.Disabled",
    404,
    "Parameters cannot be passed in when the command customization function is disabled.",
)
RESOURCE_NOT_FOUND = Code(
    "InvalidResourceId.NotFound",
    404,
    "The specified ResourceId {resource_id} does not exist.",
)

# Roles.
ROLE_ARN_INVALID = Code("InvalidParameter.RoleArn", 400, "The parameter RoleArn is wrongly formed.")
ROLE_SESSION_NAME_INVALID = Code(
    "InvalidParameter.RoleSessionName", 400, "The parameter RoleSessionName is wrongly formed."
)
DURATION_INVALID = Code(
    "InvalidParameter.DurationSeconds",
    400,
    "The Min/Max value of DurationSeconds is 15min/12hr.",
)
ROLE_NOT_FOUND = Code("EntityNotExist.Role", 404, "The role not exists: {role_arn}.")

FAULT_ERRORS = {
    code.code: code
    for code in (
        Code("Throttling", 400, "Request was denied due to request throttling."),
        Code("Throttling.User", 400, "Request was denied due to user flow control."),
        Code("Throttling.Api", 400, "Request was denied due to flow control."),
        Code("ServiceUnavailable", 503, "The request has failed due to a temporary failure."),
        Code("InternalError", 500, "The request processing has failed due to unknown error."),
        Code("OperationConflict", 409, "The operation conflicts with another one."),
        Code("Forbidden.RAM", 403, "User not authorized to operate on the specified resource."),
        Code(
            "SimulatedEventLimitExceeded",
            403,
            "The amount of active simulated system event exceeds limit.",
        ),
    )
}
"""The errors that an injected fault can return, by code."""
