"""The lookups of the alicloud plugin that a test stack begins with, as outputs."""

import pulumi
import pulumi_alicloud as alicloud

from simevents.models import FAKE_ACCESS_KEY_ID, FAKE_ACCESS_KEY_SECRET

host = pulumi.Config("simevents").require("endpoint").removeprefix("http://")
provider = alicloud.Provider(
    "alicloud",
    region="cn-hangzhou",
    access_key=FAKE_ACCESS_KEY_ID,
    secret_key=FAKE_ACCESS_KEY_SECRET,
    account_type="Domestic",
    protocol="HTTP",
    skip_region_validation=True,
    endpoints=[{"ecs": host, "vpc": host, "sts": host, "location": host}],
)
here = pulumi.InvokeOptions(provider=provider)

zones = alicloud.get_zones(available_resource_creation="VSwitch", opts=here)
images = alicloud.ecs.get_images(owners="system", name_regex="^ubuntu", opts=here)
types = alicloud.ecs.get_instance_types(cpu_core_count=4, memory_size=16, opts=here)

pulumi.export("zones", [zone.id for zone in zones.zones])
pulumi.export("images", sorted(image.id for image in images.images))
pulumi.export("types", sorted(type.id for type in types.instance_types))
