"""A consumer of a queue, and the rule that fills it; or each call of a queue. Knows no fake.

Usage: client.py (consume|calls) (http|https). consume makes a queue, a rule and its target, says
"ready", and prints the first message, which it deletes. calls prints what the calls return.
"""

import json
import sys
from typing import Any
from urllib.parse import urlsplit

from aliyunsdkcms.request.v20190101 import (
    DescribeEventRuleTargetListRequest,
    PutEventRuleRequest,
    PutEventRuleTargetsRequest,
)
from aliyunsdkcore.client import AcsClient
from mns.account import Account
from mns.mns_exception import MNSServerException
from mns.queue import Message, QueueMeta

HOST = "1000000000000001.mns.cn-hangzhou.aliyuncs.com"
KEYS = ("LTAI5tOwnKeyOfTheProgram", "own-secret")
QUEUE, RULE = "alarms", "to-the-queue"
OUTPUT = sys.stdout
# The client prints its requests.
sys.stdout = sys.stderr


def make_rule(protocol: str) -> str:
    """The Arn of the target, as the cloud lists it."""
    client = AcsClient(*KEYS, "cn-hangzhou")

    def ask(request: Any) -> Any:
        request.set_RuleName(RULE)
        request.set_protocol_type(protocol)
        return json.loads(client.do_action_with_exception(request))

    put = PutEventRuleRequest.PutEventRuleRequest()
    names = ["Instance:SystemMaintenance.Reboot:Scheduled"]
    put.set_EventPatterns([{"Product": "ECS", "EventTypeList": ["Maintenance"], "NameList": names}])
    ask(put)
    targets = PutEventRuleTargetsRequest.PutEventRuleTargetsRequest()
    targets.set_MnsParameterss([{"Id": "1", "Region": "cn-hangzhou", "Queue": QUEUE}])
    ask(targets)
    listed = ask(DescribeEventRuleTargetListRequest.DescribeEventRuleTargetListRequest())
    arn = listed["MnsParameters"]["MnsParameter"][0]["Arn"]
    assert isinstance(arn, str)
    return arn


def refusal(call: Any, *words: Any) -> Any:
    try:
        call(*words)
    except MNSServerException as refused:
        return refused.type
    return "none"


def say(text: str) -> None:
    print(text, file=OUTPUT, flush=True)


def body(message: Any) -> str:
    # Some calls decode the text, some only its Base64.
    text: str | bytes = message.message_body
    return text if isinstance(text, str) else text.decode()


def consume(account: Any, protocol: str) -> None:
    queue = account.get_queue(QUEUE)
    queue.create(QueueMeta())
    say(make_rule(protocol))
    say("ready")
    message = queue.receive_message(30)
    say(body(message))
    queue.delete_message(message.receipt_handle)
    say(refusal(queue.receive_message, 1))


def calls(account: Any) -> dict[str, Any]:
    queue = account.get_queue(QUEUE)
    found: dict[str, Any] = {"created": urlsplit(queue.create(QueueMeta(40))).path}
    found["again"] = urlsplit(queue.create(QueueMeta(40))).path
    found["other"] = refusal(queue.create, QueueMeta(41))
    queue.set_attributes(QueueMeta(50))
    attributes = queue.get_attributes()
    found["attributes"] = [
        *(attributes.queue_name, attributes.visibility_timeout, attributes.logging_enabled)
    ]
    urls, marker = account.list_queue("al", 10)
    found["listed"] = [*(urlsplit(url).path for url in urls), marker]
    queue.send_message(Message("one & <1>", priority=1))
    sent = queue.batch_send_message([Message("two"), Message("drei ü")])
    found["sent"] = [each.message_body_md5 for each in sent]
    found["peeked"] = body(queue.peek_message())
    found["peekedAll"] = [body(each) for each in queue.batch_peek_message(16)]
    one = queue.receive_message()
    changed = queue.change_message_visibility(one.receipt_handle, 60)
    found["oldHandle"] = refusal(queue.delete_message, one.receipt_handle)
    found["badHandle"] = refusal(queue.delete_message, "nobody")
    queue.delete_message(changed.receipt_handle)
    rest = queue.batch_receive_message(16, 1)
    found["received"] = [body(each) for each in rest]
    handles = [each.receipt_handle for each in rest]
    queue.batch_delete_message(handles)
    found["deletedTwice"] = refusal(queue.batch_delete_message, handles)
    found["empty"] = refusal(queue.batch_receive_message, 16)
    queue.delete()
    found["gone"] = refusal(queue.receive_message)
    return found


def main(what: str, protocol: str) -> None:
    account = Account(f"{protocol}://{HOST}", *KEYS)
    if what == "calls":
        say(json.dumps(calls(account)))
    else:
        consume(account, protocol)


if __name__ == "__main__":
    main(*sys.argv[1:])
