"""Durations: set one by one, all at once, and while running."""

from tests.emulator.cloud import Cloud, refused


def test_a_duration_can_be_set() -> None:
    cloud = Cloud(durations={"instance_pending": 100})
    instance = cloud.instance(state="pending")
    cloud.wait(99)
    assert cloud.state(instance) == "pending"
    cloud.wait(1)
    assert cloud.state(instance) == "running"


def test_the_time_factor_compresses_everything() -> None:
    cloud = Cloud(time_factor=0.01)
    instance = cloud.instance(state="pending")
    cloud.wait(0.08)
    assert cloud.state(instance) == "running"
    cloud("TerminateInstances", InstanceIds=[instance])
    cloud.wait(0.3)
    assert cloud.state(instance) == "terminated"
    cloud.wait(36)
    assert cloud.instances() == []


def test_a_factor_of_nothing_makes_everything_immediate() -> None:
    cloud = Cloud(time_factor=0)
    instance = cloud.instance(state="pending")
    assert cloud.state(instance) == "running"


def test_waits_in_progress_take_the_new_pace() -> None:
    cloud = Cloud(durations={"instance_pending": 100})
    instance = cloud.instance(state="pending")
    cloud.wait(50)
    cloud.emulator.configure({"time_factor": 0.1})
    cloud.wait(4.9)
    assert cloud.state(instance) == "pending"
    cloud.wait(0.2)
    assert cloud.state(instance) == "running"


def test_what_is_due_happens_in_order_and_at_its_own_moment(cloud: Cloud) -> None:
    subnet = cloud.subnet()
    interface = cloud.interface(subnet)
    nics = [{"DeviceIndex": 0, "NetworkInterfaceId": interface}]
    instance = cloud.instance(NetworkInterfaces=nics, state="pending")
    cloud("TerminateInstances", InstanceIds=[instance])
    cloud.wait(30)
    assert cloud.state(instance) == "terminated"
    cloud.wait(3599)
    assert cloud.state(instance) == "terminated"
    cloud.wait(1)
    with refused("InvalidInstanceID.NotFound"):
        cloud.show(instance)


def test_an_interface_detaches_slowly_unless_forced(cloud: Cloud) -> None:
    subnet = cloud.subnet()
    instance = cloud.instance(subnet)
    for force, status in ((False, "in-use"), (True, "available")):
        interface = cloud.interface(subnet)
        attachment = cloud(
            "AttachNetworkInterface",
            NetworkInterfaceId=interface,
            InstanceId=instance,
            DeviceIndex=1,
        )["AttachmentId"]
        cloud.wait(5)
        cloud("DetachNetworkInterface", AttachmentId=attachment, Force=force)
        shown = cloud("DescribeNetworkInterfaces", NetworkInterfaceIds=[interface])
        assert shown["NetworkInterfaces"][0]["Status"] == status
        cloud.wait(5)
        shown = cloud("DescribeNetworkInterfaces", NetworkInterfaceIds=[interface])
        assert shown["NetworkInterfaces"][0]["Status"] == "available"
