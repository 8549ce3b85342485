"""How much CPU the emulator takes; run by hand, not by pytest.

    .venv/bin/python -m tests.emulator.bench_emulator [INSTANCES] [--disk]

Prints CPU milliseconds (process time) of the core: parse, action, serialise, ledger, commit; with
--disk the state is written through to a temporary directory.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlencode

from botocore.serialize import create_serializer

from aws_emulator import Config, Emulator
from aws_emulator.__main__ import quiet_collector
from aws_emulator.catalogue.images import default_image
from aws_emulator.wire.model import operation

ACCESS_KEY = "AKIAEMULATEDACCESS01"
AUTHORIZATION = (
    f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/20260101/us-east-1/ec2/aws4_request, SignedHeaders=host, Signature=0"
)
_SERIALIZER = create_serializer("ec2")


def body(action: str, **params: Any) -> str:
    """Return the form body that a botocore client sends."""
    return urlencode(_SERIALIZER.serialize_to_request(params, operation("ec2", action))["body"])


def cpu_ms(run: Callable[[], Any], times: int) -> float:
    """Return process time of one run in ms, averaged over `times`."""
    start = time.process_time()
    for _ in range(times):
        run()
    return (time.process_time() - start) * 1000 / times


def main() -> None:
    """Fill an emulator and print the figures as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("instances", type=int, nargs="?", default=10_000)
    parser.add_argument("--disk", action="store_true")
    options = parser.parse_args()
    unlimited = {"vcpus": 10**9, "network_interfaces": 10**9, "vpcs": 10**6}
    config = Config().patched({"throttle": {"enabled": False}, "quotas": unlimited, "time_factor": 0.001})
    quiet_collector()  # as the process does
    with tempfile.TemporaryDirectory() as directory:
        emulator = Emulator(config, directory=directory if options.disk else None)
        print(json.dumps(_measure(emulator, options.instances), indent=2))
        emulator.close()


def _measure(emulator: Emulator, count: int) -> dict[str, float]:
    def send(text: str) -> bytes:
        reply = emulator.handle(authorization=AUTHORIZATION, body=text, user_agent="bench")
        if reply.status != 200:
            raise RuntimeError(reply.body.decode())
        return reply.body

    account = emulator.config.accounts[ACCESS_KEY]
    call = partial(emulator.call, account=account, region="us-east-1")
    vpc = call("CreateVpc", {"CidrBlock": "10.0.0.0/16"})["Vpc"]["VpcId"]
    zones = call("DescribeAvailabilityZones")["AvailabilityZones"]
    zone = next(each["ZoneName"] for each in zones if each["ZoneId"] == "use1-az1")
    wish = {"VpcId": vpc, "CidrBlock": "10.0.0.0/16", "AvailabilityZone": zone}
    subnet = call("CreateSubnet", wish)["Subnet"]["SubnetId"]
    launches = [
        body(
            "RunInstances",
            ImageId=default_image("us-east-1").id,
            InstanceType="t3.micro",
            MinCount=1,
            MaxCount=1,
            SubnetId=subnet,
            ClientToken=f"token-{number}",
            TagSpecifications=[
                {
                    "ResourceType": "instance",
                    "Tags": [
                        {"Key": "pia:uid", "Value": f"uid-{number}"},
                        {"Key": "pia:owner", "Value": "bench"},
                        {"Key": "Name", "Value": f"server {number}"},
                    ],
                }
            ],
        )
        for number in range(count)
    ]
    figures: dict[str, float] = {"instances": count}
    feed = iter(launches)
    first = min(200, count // 2)
    figures["run_instances_first_200_ms"] = cpu_ms(lambda: send(next(feed)), first)
    figures["run_instances_rest_ms"] = cpu_ms(lambda: send(next(feed)), count - first)
    time.sleep(0.1)
    page = body("DescribeInstances", MaxResults=100)
    figures["first_describe_fires_timers_ms"] = cpu_ms(lambda: send(page), 1)
    figures["describe_100_ms"] = cpu_ms(lambda: send(page), 10)
    figures["describe_100_kib"] = len(send(page)) / 1024
    ids = emulator.state()[account]["us-east-1"]["instance"]
    one = body("DescribeInstances", InstanceIds=[ids[count // 2]["id"]])
    figures["describe_one_id_ms"] = cpu_ms(lambda: send(one), 50)
    tag = body("DescribeInstances", Filters=[{"Name": "tag:pia:uid", "Values": [f"uid-{count // 3}"]}])
    figures["describe_by_tag_ms"] = cpu_ms(lambda: send(tag), 50)
    both = body(
        "DescribeInstances",
        MaxResults=100,
        Filters=[
            {"Name": "tag:pia:owner", "Values": ["bench"]},
            {"Name": "instance-state-name", "Values": ["pending", "running"]},
        ],
    )
    figures["describe_by_common_tag_and_state_100_ms"] = cpu_ms(lambda: send(both), 5)
    return {name: round(value, 3) for name, value in figures.items()}


if __name__ == "__main__":
    main()
