"""A change of a system event as a notice, and CloudMonitor's message about it."""

from typing import Any

from simevents.fake.delivery.notice import Notice

CONTENT = {
    "eventId": "e-bp1evt00000000000001",
    "eventType": "SystemMaintenance.Reboot",
    "eventStatus": "Scheduled",
    "instanceId": "i-bp1web00000000000001",
    "publishTime": "2026-01-02T03:04:05Z",
    "notBefore": "2026-01-02T04:00:00Z",
}
NOTICE = Notice(
    id="6c8ae11f-5f0e-4c0e-9a51-6a1d8b7f0001",
    at=1_767_323_045.118,
    region="cn-hangzhou",
    account_id="1000000000000001",
    instance_id="i-bp1web00000000000001",
    instance_name="web-1",
    event_id="e-bp1evt00000000000001",
    name="Instance:SystemMaintenance.Reboot:Scheduled",
    level="CRITICAL",
    event_class="Maintenance",
    title="实例计划重启通知（系统维护）",
    bus_type="ecs:Instance:SystemMaintenance.Reboot",
    status="Scheduled",
    content=CONTENT,
)
WHOLE: dict[str, Any] = {
    "ver": "1.0",
    "id": "6c8ae11f-5f0e-4c0e-9a51-6a1d8b7f0001",
    "product": "ECS",
    "serviceType": "ECS",
    "resourceId": "acs:ecs:cn-hangzhou:1000000000000001:instance/i-bp1web00000000000001",
    "resource": "",
    "instanceName": "web-1",
    "groupId": "",
    "level": "CRITICAL",
    "curLevel": "CRITICAL",
    "status": "Normal",
    "name": "Instance:SystemMaintenance.Reboot:Scheduled",
    "eventRealname": "实例计划重启通知（系统维护）",
    "eventRealnameEn": "Instance:SystemMaintenance.Reboot:Scheduled",
    "eventType": "Maintenance",
    "ruleName": "r1",
    "userId": "1000000000000001",
    "regionId": "cn-hangzhou",
    "regionName": "cn-hangzhou",
    "eventTime": "20260102T110405.118+0800",
    "content": CONTENT,
}
