"""The STS actions: the identity of the caller, and temporary keys for a role.

Every caller may assume every role of the account, because the fake has no policies.
"""

import re
from datetime import UTC, datetime

from ...models import format_time
from ..protocol import api_errors
from ..protocol.api_errors import ApiError
from ..protocol.call import AnswerMembers, Call
from ..protocol.registry import action
from ..state.cloud import Cloud
from . import temporary_keys

_STS = ("Sts", "2015-04-01")

_ROLE_ARN = re.compile(r"acs:ram::(?P<account>[0-9]+):role/(?P<name>[A-Za-z0-9.@_-]{1,64})")
_SESSION_NAME = re.compile(r"[A-Za-z0-9.@_-]{2,64}")
_SHORTEST_SECONDS, _LONGEST_SECONDS = 900, 43_200


@action(*_STS, "GetCallerIdentity", honours="")
def get_caller_identity(cloud: Cloud, call: Call) -> AnswerMembers:
    account_id, role = cloud.store.account_id, call.caller.role
    if not role:
        return {
            "AccountId": account_id,
            "Arn": f"acs:ram::{account_id}:root",
            "IdentityType": "Account",
            "PrincipalId": account_id,
            "UserId": account_id,
        }
    return {
        "AccountId": account_id,
        "Arn": f"acs:ram::{account_id}:assumed-role/{role}/{call.caller.session}",
        "IdentityType": "AssumedRoleUser",
        "PrincipalId": f"{_role_id(role)}:{call.caller.session}",
        "RoleId": _role_id(role),
    }


# It issues keys to the caller and changes nothing that others can see.
@action(*_STS, "AssumeRole", honours="RoleArn RoleSessionName DurationSeconds", is_read=True)
def assume_role(cloud: Cloud, call: Call) -> AnswerMembers:
    arn, session = call.required("RoleArn"), call.required("RoleSessionName")
    role = _ROLE_ARN.fullmatch(arn)
    if role is None:
        raise ApiError(api_errors.ROLE_ARN_INVALID)
    if not _SESSION_NAME.fullmatch(session):
        raise ApiError(api_errors.ROLE_SESSION_NAME_INVALID)
    seconds = call.integer("DurationSeconds", 3600)
    if not _SHORTEST_SECONDS <= seconds <= _LONGEST_SECONDS:
        raise ApiError(api_errors.DURATION_INVALID)
    if role["account"] != cloud.store.account_id and not cloud.access_keys.accept_any:
        raise ApiError(api_errors.ROLE_NOT_FOUND, role_arn=arn)
    key = temporary_keys.issue(cloud, role["name"], session, seconds)
    return {
        "Credentials": {
            "AccessKeyId": key.id,
            "AccessKeySecret": key.secret,
            "SecurityToken": key.security_token,
            "Expiration": format_time(datetime.fromtimestamp(key.expires_at or 0, UTC)),
        },
        "AssumedRoleUser": {
            "Arn": f"acs:ram::{cloud.store.account_id}:assumed-role/{key.role}/{session}",
            "AssumedRoleId": f"{_role_id(key.role)}:{session}",
        },
    }


def _role_id(role: str) -> str:
    """An id in the format of the vendor's role ids; always the same for the same role."""
    return f"3{int.from_bytes(role.encode(), 'big') % 10**17:017d}"
