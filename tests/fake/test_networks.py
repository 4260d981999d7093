"""What DeleteVpc refuses, in the codes that the alicloud plugin retries."""

from tests.conftest import REGION, Cloud
from tests.fake.requests import ECS, VPC, call


def test_a_vpc_with_a_vswitch_or_a_security_group_is_not_deleted(cloud: Cloud) -> None:
    vpc = call(cloud, "CreateVpc", VPC, CidrBlock="10.0.0.0/8")["VpcId"]
    group = call(cloud, "CreateSecurityGroup", ECS, VpcId=vpc)["SecurityGroupId"]
    place = {"ZoneId": f"{REGION}-b", "VpcId": vpc, "CidrBlock": "10.1.0.0/16"}
    vswitch = call(cloud, "CreateVSwitch", VPC, **place)["VSwitchId"]

    refused = call(cloud, "DeleteVpc", VPC, VpcId=vpc)
    assert refused["Code"] == "DependencyViolation.VSwitch"
    call(cloud, "DeleteVSwitch", VPC, VSwitchId=vswitch)
    refused = call(cloud, "DeleteVpc", VPC, VpcId=vpc)
    assert refused["Code"] == "DependencyViolation.SecurityGroup"
    call(cloud, "DeleteSecurityGroup", ECS, SecurityGroupId=group)
    assert "Code" not in call(cloud, "DeleteVpc", VPC, VpcId=vpc)
