"""What the vendor's chains of credentials read, and what they find during a run.

The names are those of both families of the vendor's libraries for Python, Go, Java and Node, of its
command line and of the Terraform provider.
"""

import functools
import re
from collections.abc import Mapping

from ..models import FAKE_ACCESS_KEY_ID, FAKE_ACCESS_KEY_SECRET

CREDENTIALS_URI = "ALIBABA_CLOUD_CREDENTIALS_URI"
"""The address of keys, for clients that do not ask by a proxy."""

CREDENTIALS_FILE = "ALIBABA_CLOUD_CREDENTIALS_FILE"

NO_METADATA = "ALIBABA_CLOUD_ECS_METADATA_DISABLED"
"""Tells the newer libraries not to ask the metadata service; they read it at import."""

_VENDOR = ("ALIBABA_", "ALIBABACLOUD_", "ALICLOUD_", "ALI_", "ALIYUN_", "OSS_")

_IDENTITY = re.compile(
    r"(?:\A|_)(?:ACCESS_?KEY(?:_?ID|_?SECRET)?|ACCESS_?ID|SECRET|STS_TOKEN|SECURITY_TOKEN|SESSION|BEARER|AK|SK|ROLE|OIDC|SAML"
    r"|CREDENTIALS?|PROFILE|CONFIG_FILE|PRIVATE_KEY|PUBLIC_KEY|KEY_PAIR|PASSWORD|ECS_METADATA"
    r"|IMDSV1|ECS_IMDSV2|SSO|OAUTH|EXTERNAL_ID)(?:_|\Z)"
)
"""What part of a vendor's variable says who a program is, or how it finds that out."""

_UNPREFIXED = frozenset(
    {
        *("ACCESS_KEY_ID", "ACCESS_KEY_SECRET", "SECURITY_TOKEN", "SECRET_ACCESS_KEY"),
        *("ACCESSKEYID", "ACCESSKEYSECRET"),
    }
)
"""Read by the command line, one of the Go libraries, and many programs."""

_KEY_ID = re.compile(r"(?:\A|_)(?:ACCESS_?KEY_?ID|ACCESS_?KEY|ACCESS_?ID|AK)\Z")
_KEY_SECRET = re.compile(
    r"(?:\A|_)(?:ACCESS_?KEY_?SECRET|SECRET_?(?:ACCESS_?)?KEY|SECRET|SK|LOG_CLI_ACCESSKEY)\Z"
)


@functools.lru_cache(maxsize=1024)
def is_identity(name: str) -> bool:
    """Whether the variable *name* says who a program is to Alibaba Cloud, or where keys are."""
    upper = name.upper()
    if upper in _UNPREFIXED:
        return True
    return upper.startswith(_VENDOR) and bool(_IDENTITY.search(upper.split("_", 1)[1]))


def of_the_fake(credentials_uri: str) -> dict[str, str]:
    """The keys of the fake, as each of the chains looks for them first.

    With *credentials_uri*, the metadata service may be asked, and serves the same keys there.
    """
    return {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": FAKE_ACCESS_KEY_ID,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": FAKE_ACCESS_KEY_SECRET,
        # Empty: a token of one's own does not go with this key.
        "ALIBABA_CLOUD_SECURITY_TOKEN": "",
        "ALICLOUD_ACCESS_KEY": FAKE_ACCESS_KEY_ID,
        "ALICLOUD_SECRET_KEY": FAKE_ACCESS_KEY_SECRET,
        "ALICLOUD_SECURITY_TOKEN": "",
        NO_METADATA: "false" if credentials_uri else "true",
        CREDENTIALS_URI: credentials_uri,
        # ~/.aliyun/config.json, for the libraries and for the command line.
        "ALIBABA_CLOUD_CLI_PROFILE_DISABLED": "true",
        "ALIBABA_CLOUD_IGNORE_PROFILE": "TRUE",
        "ALIBABACLOUD_IGNORE_PROFILE": "TRUE",
    }


def replaced(environ: Mapping[str, str]) -> dict[str, str]:
    """All variables of *environ* that say who a program is, with the fake's keys or empty."""
    return {name: _replacement(name) for name in environ if is_identity(name)}


def _replacement(name: str) -> str:
    upper = name.upper()
    if _KEY_SECRET.search(upper):
        return FAKE_ACCESS_KEY_SECRET
    return FAKE_ACCESS_KEY_ID if _KEY_ID.search(upper) else ""


def profile_file(*, has_keys: bool) -> str:
    """The file that `CREDENTIALS_FILE` names; without keys, chains go on to the metadata."""
    if not has_keys:
        return ""
    return (
        "[default]\nenable = true\ntype = access_key\n"
        f"access_key_id = {FAKE_ACCESS_KEY_ID}\naccess_key_secret = {FAKE_ACCESS_KEY_SECRET}\n"
    )
