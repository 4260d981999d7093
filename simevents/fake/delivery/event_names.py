"""What CloudMonitor and EventBridge call the changes of instances and of their system events.

Source of the names, titles, levels and classes: the page of ECS in CloudMonitor's list of system
events (AlibabaCloudDocs/cms, "System events", ECS). A type that is not in it, such as those of
expiry, gets its name by the rule of that list: resource, event, status.
"""

from collections.abc import Iterator
from dataclasses import dataclass

STATE_CHANGE = "Instance:StateChange"
INTERRUPTION = "Instance:PreemptibleInstanceInterruption"

NORMAL = "Normal"
"""The status of what has no life cycle."""

CRITICAL, WARN, INFO = "CRITICAL", "WARN", "INFO"
MAINTENANCE, EXCEPTION, NOTIFICATION = "Maintenance", "Exception", "StatusNotification"

_ASKED = ("Inquiring", "Executing", "Executed", "Avoided", "Canceled")

_SYSTEM_MAINTENANCE = "系统维护"


def _planned(what: str, why: str, *, done: str = "已") -> dict[str, str]:
    """Titles of what is announced, by status; *done* is missing before some participles."""
    return {
        "Scheduled": f"实例计划{what}通知（{why}）",
        "Executing": f"实例计划{what}执行中（{why}）",
        "Executed": f"实例计划{what}已完成（{why}）",
        "Avoided": f"实例计划{what}{done}规避（{why}）",
        "Canceled": f"实例计划{what}{done}取消（{why}）",
    }


def _disk(what: str, *statuses: str) -> dict[str, str]:
    words = {
        "Inquiring": "问询中",
        "Executing": "执行中",
        "Executed": "已完成",
        "Avoided": "已规避",
        "Canceled": "已取消",
        "Failed": "已失败",
    }
    return {status: f"因系统维护{what}{words[status]}" for status in statuses}


_TITLES: dict[str, dict[str, str]] = {
    "SystemMaintenance.Reboot": _planned("重启", _SYSTEM_MAINTENANCE, done="")
    | {
        "Failed": "实例计划重启失败（系统维护）",
        "Inquiring": "实例计划重启问询中（系统维护）",
    },
    "SystemMaintenance.Redeploy": _planned("重新部署", _SYSTEM_MAINTENANCE)
    | {"Inquiring": "实例计划重新部署问询中（系统维护）"},
    "SystemMaintenance.Stop": _planned("停止", _SYSTEM_MAINTENANCE, done="")
    | {"Failed": "实例计划停止失败（系统维护）"},
    "SystemMaintenance.IsolateErrorDisk": _disk("隔离坏盘", *_ASKED, "Failed"),
    "SystemMaintenance.ReInitErrorDisk": _disk("重新初始化坏盘", *_ASKED, "Failed"),
    "SystemMaintenance.RebootAndIsolateErrorDisk": _disk("重启实例并隔离坏盘", *_ASKED),
    "SystemMaintenance.RebootAndReInitErrorDisk": _disk("重启实例并重新初始化坏盘", *_ASKED),
    "SystemMaintenance.PerformanceImpact": {
        "Executing": "实例性能潜在影响开始（系统维护）",
        "Executed": "实例性能潜在影响结束（系统维护）",
    },
    "SystemFailure.Reboot": {
        "Executing": "实例重启开始（系统错误）",
        "Executed": "实例重启结束（系统错误）",
        "Failed": "实例重启失败（系统错误）",
    },
    "SystemFailure.Stop": {
        "Executing": "实例停止开始（系统错误）",
        "Executed": "实例停止已完成（系统错误）",
    },
    "SystemFailure.Redeploy": {
        "Scheduled": "实例计划重新部署通知（系统错误）",
        "Executing": "实例重新部署执行中（系统错误）",
        "Executed": "实例重新部署已完成（系统错误）",
        "Avoided": "实例重新部署已规避（系统错误）",
        "Canceled": "实例重新部署已取消（系统错误）",
    },
    "SystemFailure.Delete": {
        "Executing": "实例自动释放执行中（实例创建失败）",
        "Executed": "实例自动释放已完成（实例创建失败）",
        "Avoided": "实例自动释放已规避（实例创建失败）",
    },
    "InstanceFailure.Reboot": {
        "Executing": "实例重启开始（实例错误）",
        "Executed": "实例重启结束（实例错误）",
    },
    "Stalled": {
        "Executing": "磁盘性能受到严重影响开始",
        "Executed": "磁盘性能受到严重影响结束",
    },
    "ErrorDetected": {
        "Executing": "本地磁盘出现损坏告警开始",
        "Executed": "本地磁盘出现损坏告警结束",
    },
}
"""Title by status, by event type: the names that the vendor lists."""

_OF_DISKS = frozenset({"Stalled", "ErrorDetected"})
_WARNINGS = frozenset({"SystemMaintenance.PerformanceImpact"})

_WITHOUT_STATUS = {
    STATE_CHANGE: ("实例状态改变通知", INFO),
    INTERRUPTION: ("抢占式实例中断通知", WARN),
}


@dataclass(frozen=True, slots=True)
class ListedEvent:
    """An entry of CloudMonitor's list of the system events of ECS."""

    name: str
    title: str
    status: str
    level: str
    event_class: str


def monitor_name(event_type: str, status: str, *, invents: bool = False) -> str:
    """CloudMonitor's name of an event in *status*; empty if the vendor lists none.

    With *invents* a name that is not listed is made by the rule of the list.
    """
    titles = _TITLES.get(event_type)
    if titles is not None and status not in titles and not invents:
        return ""
    return f"{_resource(event_type)}:{event_type}:{status}"


def title(name: str) -> str:
    """What the list calls the event *name*; *name* itself if it is not in the list."""
    if name in _WITHOUT_STATUS:
        return _WITHOUT_STATUS[name][0]
    _, _, rest = name.partition(":")
    event_type, _, status = rest.rpartition(":")
    return _TITLES.get(event_type, {}).get(status, name)


def level(event_type: str) -> str:
    """The level of every event of this type: CRITICAL, WARN or INFO."""
    if event_type in _WITHOUT_STATUS:
        return _WITHOUT_STATUS[event_type][1]
    return WARN if event_type in _WARNINGS else CRITICAL


def event_class(event_type: str) -> str:
    """CloudMonitor's event type: Maintenance, Exception or StatusNotification."""
    if event_type.startswith("SystemMaintenance."):
        return MAINTENANCE
    if event_type.startswith(("SystemFailure.", "InstanceFailure.")) or event_type in _OF_DISKS:
        return EXCEPTION
    return NOTIFICATION


def bus_type(event_type: str) -> str:
    """The type on EventBridge, which has no status: ``ecs:Instance:SystemMaintenance.Reboot``."""
    if event_type in _WITHOUT_STATUS:
        return f"ecs:{event_type}"
    return f"ecs:{_resource(event_type)}:{event_type}"


def listed() -> Iterator[ListedEvent]:
    """The names that CloudMonitor lists, as far as instances have them."""
    for name, (text, of_level) in _WITHOUT_STATUS.items():
        yield ListedEvent(name, text, NORMAL, of_level, NOTIFICATION)
    for event_type, titles in _TITLES.items():
        for status, text in titles.items():
            name = monitor_name(event_type, status)
            yield ListedEvent(name, text, status, level(event_type), event_class(event_type))


def _resource(event_type: str) -> str:
    return "Disk" if event_type in _OF_DISKS else "Instance"
