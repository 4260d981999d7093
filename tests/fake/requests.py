"""Signed requests as a client sends them, created without a client."""

import base64
import hmac
import time
import uuid
from typing import Any

import httpx

from simevents.fake.protocol.signatures import canonical_query, encode
from tests.conftest import REGION, Cloud

ECS, VPC = "2014-05-26", "2016-04-28"


def signed(
    method: str, secret: str = "testsecret", digest: str = "sha1", **parameters: str
) -> dict[str, str]:
    """Parameters with a query signature; the default is the published key pair."""
    whole = {
        "AccessKeyId": "testid",
        "Format": "JSON",
        "SignatureMethod": f"HMAC-{digest.upper()}",
        "SignatureNonce": uuid.uuid4().hex,
        "SignatureVersion": "1.0",
        "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "Version": "2014-05-26",
        **parameters,
    }
    text = f"{method}&%2F&{encode(canonical_query(whole))}"
    mac = hmac.digest(f"{secret}&".encode(), text.encode(), digest)
    return whole | {"Signature": base64.b64encode(mac).decode()}


def call(cloud: Cloud, action: str, version: str = ECS, **parameters: str) -> dict[str, Any]:
    """The body of the answer to one call, of a success or an error; in the default region."""
    sent = {"RegionId": REGION} | parameters
    answer = httpx.post(cloud.url, data=signed("POST", Action=action, Version=version, **sent))
    body = answer.json()
    assert isinstance(body, dict)
    return body


def instance_in_a_vpc(
    cloud: Cloud, cidr: str = "10.1.0.0/16", **parameters: str
) -> tuple[str, dict[str, str]]:
    """An instance, and the parameters with which another one is created in its vSwitch."""
    vpc = call(cloud, "CreateVpc", VPC, CidrBlock="10.0.0.0/8")["VpcId"]
    place = {"ZoneId": f"{REGION}-b", "VpcId": vpc, "CidrBlock": cidr}
    wanted = {
        "VSwitchId": call(cloud, "CreateVSwitch", VPC, **place)["VSwitchId"],
        "SecurityGroupId": call(cloud, "CreateSecurityGroup", VpcId=vpc)["SecurityGroupId"],
        "InstanceType": "ecs.g6.large",
        "ImageId": "aliyun_3_x64_20G_alibase_20240819.vhd",
    }
    (instance,) = call(cloud, "RunInstances", **wanted, **parameters)["InstanceIdSets"][
        "InstanceIdSet"
    ]
    return instance, wanted
