"""Restarts an instance before a planned restart does: a function behind a rule of EventBridge."""

import json

from aliyunsdkcore.auth.credentials import StsTokenCredential
from aliyunsdkcore.client import AcsClient
from aliyunsdkecs.request.v20140526.RebootInstanceRequest import RebootInstanceRequest


def handler(event, context):
    data = json.loads(event)["data"]
    keys = context.credentials
    credential = StsTokenCredential(keys.access_key_id, keys.access_key_secret, keys.security_token)
    restart = RebootInstanceRequest()
    restart.set_InstanceId(data["instanceId"])
    AcsClient(region_id=context.region, credential=credential).do_action_with_exception(restart)
