"""The addresses of instances: unique, within their vSwitch, and not without end."""

from tests.conftest import Cloud
from tests.fake.requests import call, instance_in_a_vpc


def private(cloud: Cloud) -> set[str]:
    entries = call(cloud, "DescribeInstances", PageSize="100")["Instances"]["Instance"]
    return {
        address
        for entry in entries
        for address in entry["VpcAttributes"]["PrivateIpAddress"]["IpAddress"]
    }


def test_a_given_address_is_given_once(cloud: Cloud) -> None:
    _, wanted = instance_in_a_vpc(cloud)
    call(cloud, "RunInstances", **wanted, PrivateIpAddress="10.1.0.2", Amount="2")

    assert private(cloud) == {"10.1.0.1", "10.1.0.2", "10.1.0.3"}


def test_an_address_that_cannot_be_used_is_refused(cloud: Cloud) -> None:
    _, wanted = instance_in_a_vpc(cloud)

    def code(address: str) -> str:
        return str(call(cloud, "RunInstances", **wanted, PrivateIpAddress=address)["Code"])

    assert code("10.1.0.1") == "InvalidPrivateIpAddress.Duplicated"
    assert code("10.2.0.1") == "InvalidPrivateIpAddress"
    assert code("10.1.0.0") == code("10.1.255.253") == "InvalidPrivateIpAddress"
    assert code("10.1.0.300") == "InvalidPrivateIpAddress.Malformed"


def test_a_vswitch_without_free_addresses_refuses_all(cloud: Cloud) -> None:
    # Of 16 addresses the service reserves four.
    _, wanted = instance_in_a_vpc(cloud, cidr="10.1.0.0/28")
    refused = call(cloud, "RunInstances", **wanted, Amount="12")

    assert refused["Code"] == "QuotaExceeded.PrivateIpAddress"
    assert private(cloud) == {"10.1.0.1"}
    call(cloud, "RunInstances", **wanted, Amount="11")
    assert private(cloud) == {f"10.1.0.{number}" for number in range(1, 13)}
    again = call(cloud, "CreateInstance", **wanted)
    assert again["Code"] == "QuotaExceeded.PrivateIpAddress"


def test_another_vpc_may_have_the_same_addresses(cloud: Cloud) -> None:
    instance_in_a_vpc(cloud)
    instance_in_a_vpc(cloud)

    assert private(cloud) == {"10.1.0.1"}


def test_an_instance_is_created_stopped_and_gets_a_public_address(cloud: Cloud) -> None:
    _, wanted = instance_in_a_vpc(cloud)
    made = call(cloud, "CreateInstance", **wanted, InternetMaxBandwidthOut="5")["InstanceId"]

    def public() -> list[str]:
        answer = call(cloud, "DescribeInstances", InstanceIds=f'["{made}"]')
        (entry,) = answer["Instances"]["Instance"]
        assert entry["Status"] == "Stopped"
        return list(entry["PublicIpAddress"]["IpAddress"])

    assert public() == []
    address = call(cloud, "AllocatePublicIpAddress", InstanceId=made)["IpAddress"]
    assert public() == [address]
    assert call(cloud, "AllocatePublicIpAddress", InstanceId=made)["IpAddress"] == address
    assert address.startswith(("198.18.", "198.19."))


def test_a_public_address_may_be_chosen_if_it_is_free(cloud: Cloud) -> None:
    first, second = cloud.instances(2)

    def allocate(instance: str, address: str) -> str:
        answer = call(cloud, "AllocatePublicIpAddress", InstanceId=instance, IpAddress=address)
        return str(answer.get("Code", answer.get("IpAddress")))

    assert allocate(first, "203.0.113.1") == "203.0.113.1"
    assert allocate(second, "203.0.113.1") == "IpInUse"
    assert allocate(second, "203.0.113") == "InvalidParameter"
    assert allocate("i-nobody", "") == "InvalidInstanceId.NotFound"


def test_an_instance_with_a_bandwidth_has_a_public_address(cloud: Cloud) -> None:
    instance_in_a_vpc(cloud, InternetMaxBandwidthOut="5")
    (entry,) = call(cloud, "DescribeInstances")["Instances"]["Instance"]

    assert len(entry["PublicIpAddress"]["IpAddress"]) == 1
    assert (entry["InternetMaxBandwidthOut"], entry["InternetMaxBandwidthIn"]) == (5, 10)
