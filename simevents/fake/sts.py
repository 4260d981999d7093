"""The STS actions: who the caller is."""

from .cloud import ANSWER_MEMBERS, Call, Cloud, action


@action("Sts", "2015-04-01", "GetCallerIdentity")
def get_caller_identity(cloud: Cloud, _call: Call) -> ANSWER_MEMBERS:
    account_id = cloud.store.account_id
    return {
        "AccountId": account_id,
        "Arn": f"acs:ram::{account_id}:root",
        "IdentityType": "Account",
        "PrincipalId": account_id,
        "UserId": account_id,
    }
