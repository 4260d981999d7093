"""Calls DescribeRegions with one of the vendor's two SDKs, which know nothing of the fake.

Usage: client.py (older|newer|newer-async) (http|https) [metadata]. Prints whether there are
regions. With metadata, the keys are those of the instance's role.
"""

import asyncio
import json
import sys
from typing import Any

import aliyunsdkecs.request.v20140526.DescribeRegionsRequest as OlderModule
from alibabacloud_credentials.client import Client as CredentialClient
from alibabacloud_credentials.models import Config as CredentialConfig
from alibabacloud_ecs20140526.client import Client
from alibabacloud_ecs20140526.models import DescribeRegionsRequest
from alibabacloud_tea_openapi.models import Config
from aliyunsdkcore.auth.credentials import EcsRamRoleCredential
from aliyunsdkcore.client import AcsClient

REGION = "cn-hangzhou"
OWN = ("LTAI5tOwnKeyOfTheProgram", "own-secret")


def older(protocol: str, from_metadata: bool) -> bool:
    client = AcsClient(*OWN, REGION)
    if from_metadata:
        client = AcsClient(region_id=REGION, credential=EcsRamRoleCredential("EcsRamRole"))
    request = OlderModule.DescribeRegionsRequest()
    request.set_protocol_type(protocol)
    answer = json.loads(client.do_action_with_exception(request))
    return bool(answer["Regions"]["Region"])


def newer_client(protocol: str, from_metadata: bool) -> Client:
    config = Config(*OWN, region_id=REGION, protocol=protocol)
    if from_metadata:
        role = CredentialClient(CredentialConfig(type="ecs_ram_role"))
        config = Config(credential=role, region_id=REGION, protocol=protocol)
    return Client(config)


def newer(protocol: str, from_metadata: bool) -> bool:
    request = DescribeRegionsRequest()
    answer = newer_client(protocol, from_metadata).describe_regions(request)
    return bool(answer.body.regions.region)


async def newer_async(protocol: str, from_metadata: bool) -> bool:
    request = DescribeRegionsRequest()
    answer: Any = await newer_client(protocol, from_metadata).describe_regions_async(request)
    return bool(answer.body.regions.region)


def main(family: str, protocol: str, *source: str) -> None:
    from_metadata = source == ("metadata",)
    if family == "newer-async":
        found = asyncio.run(newer_async(protocol, from_metadata))
    else:
        found = {"older": older, "newer": newer}[family](protocol, from_metadata)
    print(str(found).lower())


if __name__ == "__main__":
    main(*sys.argv[1:])
