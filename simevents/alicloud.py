"""pulumi_alicloud and the fake cloud: one provider for both, and a warning when it is missing.

A stack's ``simevents:endpoint`` leads the events to a fake cloud. pulumi_alicloud does not
know that setting; `fake_provider` gives it the same address. pulumi_alicloud is an extra,
so it is imported at the first use.
"""

import inspect
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit
from weakref import WeakKeyDictionary

import pulumi

from .errors import InvalidSettings, listed
from .models import FAKE_ACCESS_KEY_ID, FAKE_ACCESS_KEY_SECRET
from .settings import STACK_KEYS, Settings, check_endpoint, is_loopback, nearest

if TYPE_CHECKING:
    import pulumi_alicloud

__all__ = ["configured_endpoint", "configured_region", "fake_provider"]

_DECLARED: WeakKeyDictionary[pulumi.Resource, list[pulumi.Resource]] = WeakKeyDictionary()
"""By stack: the alicloud resources that the program has declared since simevents was imported."""

_NAMED = 3
"""How many resources a warning names."""


def configured_endpoint() -> str | None:
    """The stack's ``simevents:endpoint``; None means Alibaba Cloud.

    Raises RunError for a misspelling of it.
    """
    return _configured("endpoint") or None


def configured_region() -> str:
    """The stack's ``simevents:region``, else ``alicloud:region``; RunError if it has neither."""
    region = _configured("region") or pulumi.Config("alicloud").get("region")
    if not region:
        # RunError is what the engine prints as it is, without a traceback.
        raise pulumi.RunError(
            "region: neither simevents:region nor alicloud:region is set in this stack; set one "
            "with pulumi config set alicloud:region cn-hangzhou, or give region= to the resource"
        )
    return region


def _configured(key: str) -> str | None:
    """A value of the stack's configuration; a misspelling of an absent key is refused."""
    value = pulumi.Config("simevents").get(key)
    # In a project of this name the other keys are the program's own.
    if value is None and pulumi.get_project() != "simevents":
        for full_name in pulumi.runtime.get_config_env():
            namespace, _, name = full_name.partition(":")
            misspelt = nearest(name, STACK_KEYS) == key and name not in STACK_KEYS
            if namespace == "simevents" and misspelt:
                raise pulumi.RunError(
                    f"{full_name} is not a valid key of the configuration; use simevents:{key}"
                )
    return value


def fake_provider(
    name: str = "fake-cloud",
    *,
    endpoint: str | None = None,
    region: str | None = None,
    opts: pulumi.ResourceOptions | None = None,
) -> "pulumi_alicloud.Provider":
    """A provider for alicloud resources and lookups that calls a local fake cloud only.

    Give it to each resource, or to a component that contains them, with
    ``ResourceOptions(provider=…)``, and to each lookup with ``InvokeOptions(provider=…)``.
    All products of the vendor are called at the fake's address, also those that the fake
    does not serve, so nothing of the provider reaches Alibaba Cloud. It signs with the
    fake's published keys and never with yours.

    :param name: Names the provider in the stack.
    :param endpoint: URL of the fake, on this machine; default: the stack's
        ``simevents:endpoint``.
    :param region: Default: the stack's ``simevents:region``, else its ``alicloud:region``.
    :param opts: Options of the provider resource.
    :raises pulumi.RunError: no endpoint is given or configured, the endpoint is not valid or
        not on this machine, no region is given or configured, or pulumi_alicloud is not
        installed.
    """
    url = _local(endpoint or configured_endpoint())
    region = _valid_region(region or configured_region())
    try:
        import pulumi_alicloud as alicloud
    except ModuleNotFoundError:
        raise pulumi.RunError(
            "pulumi_alicloud is not installed; install it with: pip install pulumi-alicloud"
        ) from None
    # Here, since it takes as long to import as the rest of this module.
    from importlib import metadata

    _warn_of_missing_plugin(metadata.version("pulumi-alicloud"))
    products = inspect.signature(alicloud.ProviderEndpointArgs).parameters
    return alicloud.Provider(
        name,
        region=region,
        access_key=FAKE_ACCESS_KEY_ID,
        secret_key=FAKE_ACCESS_KEY_SECRET,
        # Empty: without a value the plugin takes these from the environment.
        security_token="",
        profile="",
        ecs_role_name="",
        # Without a value it asks the billing service which kind of account this is.
        account_type="Domestic",
        protocol=url.scheme.upper(),
        skip_region_validation=True,
        endpoints=[alicloud.ProviderEndpointArgs(**dict.fromkeys(products, url.netloc))],
        opts=opts,
    )


def watch_resources() -> None:
    """Note from now on which alicloud resources the running program declares.

    A program imports simevents before it declares resources, so it is called at the import,
    and again for each event, since one process can run several programs.
    """
    root = pulumi.runtime.get_root_resource()
    if root is None or root in _DECLARED:
        return
    declared = _DECLARED[root] = []

    def note(args: pulumi.ResourceTransformationArgs) -> None:
        if args.type_.startswith("alicloud:"):
            declared.append(args.resource)

    pulumi.runtime.register_stack_transformation(note)


def warn_of_alibaba_cloud(endpoint: str | None) -> None:
    """Warn of resources that go to Alibaba Cloud while the event goes to a local *endpoint*.

    Called when the program has declared its resources. A resource is named once.
    """
    root = pulumi.runtime.get_root_resource()
    declared = None if root is None else _DECLARED.get(root)
    if not declared or not endpoint or not is_loopback(endpoint):
        return
    if pulumi.Config("alicloud").get("endpoints"):
        return
    # Only now, since the program's own transformations may have given a provider.
    found = sorted(
        f"{resource.pulumi_resource_name} ({resource.pulumi_resource_type})"
        for resource in declared
        if resource.get_provider(resource.pulumi_resource_type) is None
    )
    declared.clear()
    if found:
        pulumi.log.warn(
            f"The events of this stack go to the fake cloud at {endpoint}, but these resources go "
            f"to Alibaba Cloud: {listed(found, _NAMED)}. They have no explicit provider, "
            "and alicloud:endpoints is not set. To use the fake for them too, give them "
            "opts=pulumi.ResourceOptions(provider=simevents.alicloud.fake_provider())"
        )


def _local(endpoint: str | None) -> SplitResult:
    """The parts of a URL on this machine.

    The state keeps a provider's keys in the clear, so only the published ones may be in it,
    and these are for a fake.
    """
    if endpoint is None:
        raise pulumi.RunError(
            "endpoint: no endpoint is given and simevents:endpoint is not set in this stack; use "
            "the URL of a fake cloud such as http://127.0.0.1:8086, or no explicit provider for "
            "Alibaba Cloud"
        )
    try:
        checked = check_endpoint(endpoint)
    except InvalidSettings as invalid:
        raise pulumi.RunError(f"simevents:{invalid}") from None
    if not is_loopback(checked):
        raise pulumi.RunError(
            f"simevents:endpoint: {checked} is not on this machine. The published key pair of the "
            "fake is sent to loopback only; use an address such as http://127.0.0.1:8086, or leave "
            "simevents:endpoint out for Alibaba Cloud"
        )
    return urlsplit(checked)


def _valid_region(region: str) -> str:
    try:
        return Settings(region).region
    except InvalidSettings as invalid:
        raise pulumi.RunError(str(invalid)) from None


def _warn_of_missing_plugin(needed: str) -> None:
    """Say which plugins there are, when the engine will not find one for the Python package.

    The engine uses a plugin of exactly the version of the package. The engine that `make
    engine` builds has one version and downloads no other; its own error does not say so.
    """
    if os.environ.get("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION") not in ("1", "true"):
        return
    if shutil.which("pulumi-resource-alicloud"):
        return
    home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    found = sorted(
        path.name.removeprefix("resource-alicloud-v")
        for path in home.glob("plugins/resource-alicloud-v*")
        if path.is_dir()
    )
    if needed in found:
        return
    use = (
        f"install the package of that version: pip install 'pulumi-alicloud=={found[-1]}'; or "
        if found
        else ""
    )
    pulumi.log.warn(
        f"The package pulumi-alicloud {needed} needs the plugin alicloud {needed}. This Pulumi "
        f"engine has {', '.join(found) or 'none'} and downloads no plugin. To solve this, {use}"
        "install the plugin where it can be downloaded: "
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=false pulumi plugin install resource "
        f"alicloud {needed}"
    )
