"""The cloud's catalog: regions, zones, instance types and images.

It is a small, fixed selection of what the real cloud offers. The regions are those of
the vendor's published list. The size of an instance type is computed from its name, by
the vendor's naming rule, so a type that is not listed here also has the right size.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

DEFAULT_REGION = "cn-hangzhou"

REGIONS = {
    "ap-northeast-1": "Japan (Tokyo)",
    "ap-northeast-2": "South Korea (Seoul)",
    "ap-south-1": "India (Mumbai)",
    "ap-southeast-1": "Singapore",
    "ap-southeast-2": "Australia (Sydney)",
    "ap-southeast-3": "Malaysia (Kuala Lumpur)",
    "ap-southeast-5": "Indonesia (Jakarta)",
    "ap-southeast-6": "Philippines (Manila)",
    "ap-southeast-7": "Thailand (Bangkok)",
    "cn-beijing": "China (Beijing)",
    "cn-beijing-finance-1": "China (Beijing) Finance",
    "cn-chengdu": "China (Chengdu)",
    "cn-fuzhou": "China (Fuzhou)",
    "cn-guangzhou": "China (Guangzhou)",
    "cn-hangzhou": "China (Hangzhou)",
    "cn-hangzhou-finance": "China (Hangzhou) Finance",
    "cn-heyuan": "China (Heyuan)",
    "cn-heyuan-acdr-1": "China (Heyuan) ACDR",
    "cn-hongkong": "China (Hong Kong)",
    "cn-huhehaote": "China (Hohhot)",
    "cn-nanjing": "China (Nanjing)",
    "cn-qingdao": "China (Qingdao)",
    "cn-shanghai": "China (Shanghai)",
    "cn-shanghai-finance-1": "China (Shanghai) Finance",
    "cn-shenzhen": "China (Shenzhen)",
    "cn-shenzhen-finance-1": "China (Shenzhen) Finance",
    "cn-wuhan-lr": "China (Wuhan)",
    "cn-wulanchabu": "China (Ulanqab)",
    "cn-zhangjiakou": "China (Zhangjiakou)",
    "cn-zhengzhou-jva": "China (Zhengzhou)",
    "cn-zhongwei": "China (Zhongwei)",
    "eu-central-1": "Germany (Frankfurt)",
    "eu-west-1": "UK (London)",
    "me-central-1": "Saudi Arabia (Riyadh)",
    "me-east-1": "UAE (Dubai)",
    "na-south-1": "Mexico",
    "us-east-1": "US (Virginia)",
    "us-southeast-1": "US (Atlanta)",
    "us-west-1": "US (Silicon Valley)",
}
"""Region id to English name."""

_ZONE_LETTERS = "abghijk"

DISK_CATEGORIES = ("cloud_essd", "cloud_auto", "cloud_ssd", "cloud_efficiency")


def zones(region: str) -> list[str]:
    """The zones of *region*: ``cn-hangzhou-b``, but ``ap-southeast-1b``."""
    joint = "" if region[-1].isdecimal() else "-"
    return [f"{region}{joint}{letter}" for letter in _ZONE_LETTERS]


@dataclass(frozen=True, slots=True)
class InstanceType:
    id: str
    cpu: int
    """Cores."""
    memory: float
    """GiB."""

    @property
    def family(self) -> str:
        return self.id.rpartition(".")[0]

    @property
    def is_burstable(self) -> bool:
        """Whether the type has CPU credits: the families t5 and t6."""
        return self.id.startswith(("ecs.t5", "ecs.t6"))


# GiB per core, by the first letter of the family's name.
_MEMORY_PER_CORE = {"c": 2.0, "g": 4.0, "r": 8.0, "u": 4.0, "t": 2.0, "d": 4.0, "i": 4.0}
_SIZE = re.compile(r"ecs\.(?P<family>[a-z])[\w-]*\.(?P<times>[0-9]{0,2})(?P<size>x?large|small)")

# Some families have their GiB per core in the name: ``ecs.u1-c1m2.large``.
_RATIO = re.compile(r"-c1m([0-9])\b")


@lru_cache(maxsize=1_000)
def instance_type(id: str) -> InstanceType:
    """The type *id*, with the size that its name gives; 2 cores and 8 GiB if it gives none."""
    named = _SIZE.fullmatch(id)
    if named is None:
        return InstanceType(id, 2, 8.0)
    cores = {"small": 1, "large": 2, "xlarge": 4}[named["size"]]
    cores *= int(named["times"] or 1)
    ratio = _RATIO.search(id)
    per_core = float(ratio[1]) if ratio else _MEMORY_PER_CORE.get(named["family"], 4.0)
    return InstanceType(id, cores, cores * per_core)


INSTANCE_TYPES = tuple(
    instance_type(f"ecs.{family}.{size}")
    for family in ("c6", "g6", "r6", "c7", "g7", "r7", "g8i", "u1-c1m2", "t6-c1m2")
    for size in ("large", "xlarge", "2xlarge", "4xlarge")
)

DEFAULT_INSTANCE_TYPE = "ecs.g6.large"


@dataclass(frozen=True, slots=True)
class Image:
    id: str
    os_name: str
    platform: str
    os_type: str = "linux"
    architecture: str = "x86_64"
    size: int = 20
    """GiB."""


DEFAULT_IMAGE_ID = "aliyun_3_x64_20G_alibase_20240819.vhd"

IMAGES = (
    Image(DEFAULT_IMAGE_ID, "Alibaba Cloud Linux  3.2104 LTS 64 bit", "Aliyun"),
    Image(
        "aliyun_3_arm64_20G_alibase_20240819.vhd",
        "Alibaba Cloud Linux  3.2104 LTS 64 bit for ARM",
        "Aliyun",
        architecture="arm64",
    ),
    Image("ubuntu_22_04_x64_20G_alibase_20240926.vhd", "Ubuntu  22.04 64 bit", "Ubuntu"),
    Image("ubuntu_24_04_x64_20G_alibase_20240923.vhd", "Ubuntu  24.04 64 bit", "Ubuntu"),
    Image("debian_12_6_x64_20G_alibase_20240819.vhd", "Debian  12.6 64 bit", "Debian"),
    Image("centos_7_9_x64_20G_alibase_20240403.vhd", "CentOS  7.9 64 bit", "CentOS"),
    Image(
        "win2022_21H2_x64_dtc_en-us_40G_alibase_20240910.vhd",
        "Windows Server  2022 DataCenter 64 bit",
        "Windows Server 2022",
        os_type="windows",
        size=40,
    ),
)

_IMAGES = {image.id: image for image in IMAGES}


def image(id: str) -> Image:
    """The image *id*; the default image if *id* is not in the catalog."""
    return _IMAGES.get(id, IMAGES[0])
