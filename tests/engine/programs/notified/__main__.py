"""Rules, queues and a bus of the alicloud plugin, and events that the rules match."""

import json

import pulumi
import pulumi_alicloud as alicloud

from simevents import SimulatedSystemEvent
from simevents.alicloud import fake_provider

REGION = "cn-beijing"

config = pulumi.Config()
here = pulumi.ResourceOptions(provider=fake_provider(region=REGION))
is_on = config.require_bool("isOn")
url = config.require("url")

dead = alicloud.message.ServiceQueue("dead", queue_name="dead", opts=here)
queue = alicloud.message.ServiceQueue(
    "queue",
    queue_name="events",
    delay_seconds=0,
    polling_wait_seconds=0,
    visibility_timeout=config.require_int("visibilitySeconds"),
    logging_enabled=True,
    dlq_policy=alicloud.message.ServiceQueueDlqPolicyArgs(
        enabled=True, dead_letter_target_queue=dead.queue_name, max_receive_count=3
    ),
    tags={"purpose": config.require("purpose")},
    opts=here,
)
monitor = alicloud.cms.EventRule(
    "monitor",
    rule_name="monitor",
    description="what the handler is told",
    group_id="",
    silence_time=0,
    status="ENABLED" if is_on else "DISABLED",
    event_pattern=alicloud.cms.EventRuleEventPatternArgs(
        product="ECS",
        event_type_lists=["Maintenance"],
        level_lists=["CRITICAL"],
        name_lists=config.get_object("names"),
        sql_filter=config.get("filter"),
    ),
    mns_parameters=[
        alicloud.cms.EventRuleMnsParameterArgs(
            mns_parameters_id="1", queue=queue.queue_name, region=REGION
        )
    ],
    webhook_parameters=[
        alicloud.cms.EventRuleWebhookParameterArgs(
            webhook_parameters_id="2", protocol="http", method="POST", url=url
        )
    ],
    fc_parameters=[
        alicloud.cms.EventRuleFcParameterArgs(
            fc_parameters_id="3", region=REGION, service_name="service", function_name="function"
        )
    ]
    if config.get_bool("function")
    else None,
    contact_parameters=[
        alicloud.cms.EventRuleContactParameterArgs(
            contact_parameters_id="4", contact_group_name="on call", level="3"
        )
    ],
    opts=here,
)
bus = alicloud.eventbridge.EventBus(
    "bus",
    event_bus_name="own-bus",
    description=config.require("purpose"),
    opts=here,
)
account = alicloud.get_account_output(opts=pulumi.InvokeOutputOptions(provider=here.provider))
bus_rule = alicloud.eventbridge.Rule(
    "bus-rule",
    # ECS sends its events to this bus, and to no other.
    event_bus_name="default",
    rule_name="ecs-events",
    description=config.require("purpose"),
    filter_pattern=json.dumps(
        {
            "source": ["acs.ecs"],
            "type": [{"prefix": prefix} for prefix in config.require_object("prefixes")],
        }
    ),
    status="ENABLE" if is_on else "DISABLE",
    targets=[
        alicloud.eventbridge.RuleTargetArgs(
            target_id="hook",
            type="http",
            endpoint=url,
            push_retry_strategy="BACKOFF_RETRY",
            dead_letter_queue=alicloud.eventbridge.RuleTargetDeadLetterQueueArgs(
                arn=pulumi.Output.concat(f"acs:mns:{REGION}:", account.id, ":/queues/dead")
            ),
            param_lists=[
                alicloud.eventbridge.RuleTargetParamListArgs(
                    resource_key="url", form="CONSTANT", value=url
                ),
                alicloud.eventbridge.RuleTargetParamListArgs(resource_key="Body", form="ORIGINAL"),
                alicloud.eventbridge.RuleTargetParamListArgs(
                    resource_key="Network", form="CONSTANT", value="PublicNetwork"
                ),
            ],
        ),
        alicloud.eventbridge.RuleTargetArgs(
            target_id="dead",
            type="acs.mns.queue",
            endpoint=pulumi.Output.concat(
                f"acs:mns:{REGION}:", account.id, ":queues/", dead.queue_name
            ),
            param_lists=[
                alicloud.eventbridge.RuleTargetParamListArgs(
                    resource_key="queue", form="CONSTANT", value=dead.queue_name
                ),
                alicloud.eventbridge.RuleTargetParamListArgs(
                    resource_key="Body",
                    form="TEMPLATE",
                    value=json.dumps({"instance": "$.data.instanceId"}),
                    template="it happens to ${instance}",
                ),
            ],
        ),
    ],
    opts=here,
)
alicloud.eventbridge.Rule(
    "own-rule",
    event_bus_name=bus.event_bus_name,
    rule_name="own-events",
    filter_pattern='{"source":["own"]}',
    targets=[
        alicloud.eventbridge.RuleTargetArgs(
            target_id="hook",
            type="http",
            endpoint=url,
            param_lists=[
                alicloud.eventbridge.RuleTargetParamListArgs(
                    resource_key="Body", form="JSONPATH", value="$.data"
                )
            ],
        )
    ],
    opts=here,
)
for name, event in config.get_object("events", {}).items():
    SimulatedSystemEvent(
        name,
        event_type="SystemMaintenance.Reboot",
        instance_ids=event,
        not_before="+2h",
        opts=pulumi.ResourceOptions(depends_on=[monitor, bus_rule]),
    )
