"""The rules and queues by which a program is told of events instead of asking for them."""

import json

import pulumi
import pulumi_alicloud as alicloud
from notification_config import CloudMonitor, EventBridge, Notifications, Targets

SILENCE_SECONDS = 86400
"""The service's own default. It must be given, or each preview shows it as a change."""

SYSTEM_BUS = "default"
"""The bus of each account that has the events of the vendor's products."""


class NotificationRules(pulumi.ComponentResource):
    """A CloudMonitor rule, an EventBridge rule or both, and the queues that they write to."""

    described: dict[str, dict[str, object]]
    """For the stack's outputs: the rule and the queue of each service."""

    def __init__(
        self,
        name: str,
        notifications: Notifications,
        region: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("simevents:infra:NotificationRules", name, None, opts)
        self._prefix = name
        self._region = region
        # Unique in the account; a dot is valid in the names of stacks, and not in those of rules.
        self._rule_name = f"{pulumi.get_project()}-{pulumi.get_stack()}".replace(".", "-")
        self.described = {}
        if notifications.cloud_monitor is not None:
            self._watch_cloud_monitor(notifications.cloud_monitor)
        if notifications.event_bridge is not None:
            self._watch_event_bridge(notifications.event_bridge)
        self.register_outputs({"described": self.described})

    def _watch_cloud_monitor(self, wanted: CloudMonitor) -> None:
        queue = self._queue("cloudmonitor", wanted.targets)
        alicloud.cms.EventRule(
            f"{self._prefix}-cloudmonitor",
            rule_name=self._rule_name,
            description=f"Events of the stack {pulumi.get_stack()}",
            status="ENABLED",
            silence_time=SILENCE_SECONDS,
            event_pattern=alicloud.cms.EventRuleEventPatternArgs(
                product="ECS",
                event_type_lists=list(wanted.event_types) or None,
                level_lists=list(wanted.levels) or None,
                name_lists=list(wanted.names) or None,
            ),
            mns_parameters=[
                alicloud.cms.EventRuleMnsParameterArgs(
                    mns_parameters_id="queue", queue=queue.queue_name, region=self._region
                )
            ]
            if queue
            else None,
            webhook_parameters=[
                alicloud.cms.EventRuleWebhookParameterArgs(
                    webhook_parameters_id="webhook",
                    protocol="http",
                    method="POST",
                    url=pulumi.Output.secret(wanted.targets.webhook),
                )
            ]
            if wanted.targets.webhook
            else None,
            # The plugin writes targets and removes none, so a rule that loses one is made anew.
            opts=self._child(replace_on_changes=["mnsParameters", "webhookParameters"]),
        )
        self._describe("cloudMonitor", wanted.targets)

    def _watch_event_bridge(self, wanted: EventBridge) -> None:
        queue = self._queue("eventbridge", wanted.targets)
        pattern = {"source": ["acs.ecs"]}
        if wanted.types:
            pattern["type"] = list(wanted.types)
        targets = []
        if queue:
            targets.append(self._queue_target(queue))
        if wanted.targets.webhook:
            targets.append(_webhook_target(wanted.targets.webhook))
        alicloud.eventbridge.Rule(
            f"{self._prefix}-eventbridge",
            event_bus_name=SYSTEM_BUS,
            rule_name=self._rule_name,
            description=f"Events of the stack {pulumi.get_stack()}",
            filter_pattern=json.dumps(pattern, separators=(",", ":")),
            status="ENABLE",
            targets=targets,
            opts=self._child(replace_on_changes=["targets"]),
        )
        self._describe("eventBridge", wanted.targets)

    def _queue(self, service: str, targets: Targets) -> alicloud.message.ServiceQueue | None:
        if targets.queue is None:
            return None
        return alicloud.message.ServiceQueue(
            f"{self._prefix}-{service}-queue",
            queue_name=targets.queue,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _queue_target(
        self, queue: alicloud.message.ServiceQueue
    ) -> alicloud.eventbridge.RuleTargetArgs:
        account = alicloud.get_account_output(opts=pulumi.InvokeOutputOptions(parent=self))
        return alicloud.eventbridge.RuleTargetArgs(
            target_id="queue",
            type="acs.mns.queue",
            endpoint=pulumi.Output.concat(
                f"acs:mns:{self._region}:", account.id, ":queues/", queue.queue_name
            ),
            push_retry_strategy="BACKOFF_RETRY",
            param_lists=[
                _constant("queue", queue.queue_name),
                alicloud.eventbridge.RuleTargetParamListArgs(resource_key="Body", form="ORIGINAL"),
            ],
        )

    def _child(self, replace_on_changes: list[str]) -> pulumi.ResourceOptions:
        # Its name is its identity, so the old one goes first.
        return pulumi.ResourceOptions(
            parent=self, replace_on_changes=replace_on_changes, delete_before_replace=True
        )

    def _describe(self, service: str, targets: Targets) -> None:
        self.described[service] = {
            "rule": self._rule_name,
            "queue": targets.queue,
            "webhook": targets.webhook is not None,
        }


def _webhook_target(url: str) -> alicloud.eventbridge.RuleTargetArgs:
    secret = pulumi.Output.secret(url)
    return alicloud.eventbridge.RuleTargetArgs(
        target_id="webhook",
        type=url.partition(":")[0],
        endpoint=secret,
        push_retry_strategy="BACKOFF_RETRY",
        param_lists=[
            _constant("url", secret),
            _constant("Network", "PublicNetwork"),
            alicloud.eventbridge.RuleTargetParamListArgs(resource_key="Body", form="ORIGINAL"),
        ],
    )


def _constant(key: str, value: pulumi.Input[str]) -> alicloud.eventbridge.RuleTargetParamListArgs:
    return alicloud.eventbridge.RuleTargetParamListArgs(
        resource_key=key, form="CONSTANT", value=value
    )
