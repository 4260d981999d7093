#!/bin/sh
# Drains each instance that is about to restart: asks with the vendor's SDK, until it has drained one.
set -eu

scheduled() {
  python3 - <<'PYTHON'
import json

from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import CommonRequest

client = AcsClient("your-key-id", "your-key-secret", "cn-hangzhou")
asked = CommonRequest(product="Ecs", version="2014-05-26")
asked.set_action_name("DescribeInstanceHistoryEvents")
asked.set_protocol_type("https")
asked.add_query_param("RegionId", "cn-hangzhou")
asked.add_query_param("InstanceEventCycleStatus.1", "Scheduled")
answer = json.loads(client.do_action_with_exception(asked))
for event in answer["InstanceSystemEventSet"]["InstanceSystemEventType"]:
    print(event["InstanceId"])
PYTHON
}

mkdir -p drained
until [ "$(ls drained)" ]; do
  for instance in $(scheduled); do
    echo "draining $instance"
    touch "drained/$instance"
  done
  sleep 0.2
done
