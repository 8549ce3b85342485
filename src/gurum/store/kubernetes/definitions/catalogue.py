"""Images, regions and cloud accounts: what the operator offers, and where."""

from __future__ import annotations

from gurum.store.kubernetes.definitions.row import MANY, Column, Field, Fields, Kind, Kinds

PROVIDERS = ("aws", "openstack", "simulated")

FIELDS: Fields = {
    "ImageSpec.name": Field("The image's name; it need not be unique. Left out, it is the object's name.", filled=True),
    "ImageSpec.visibility": Field(
        "Who sees it: everybody (public), or its owner.", words=("public", "private", "shared", "community")
    ),
    "ImageSpec.owner": Field("The id of the project that owns it; empty: the operator."),
    "ImageSpec.disk_format": Field("The format of the disk: raw, qcow2, ami."),
    "ImageSpec.container_format": Field("The format of what holds the disk: bare."),
    "ImageSpec.size": Field("Its size in bytes.", least=0),
    "ImageSpec.virtual_size": Field("The size of the disk in bytes, where it differs from the file's.", least=0),
    "ImageSpec.checksum": Field("The MD5 digest of the data, for old clients."),
    "ImageSpec.os_hash_algo": Field("The algorithm of osHashValue."),
    "ImageSpec.os_hash_value": Field("The digest of the data."),
    "ImageSpec.min_disk": Field("The smallest root disk that it fits on, in GiB.", least=0),
    "ImageSpec.min_ram": Field("The least memory that it needs, in MiB.", least=0),
    "ImageSpec.protected": Field("Whether it is protected from deletion."),
    "ImageSpec.os_hidden": Field("Whether lists leave it out unless asked."),
    "ImageSpec.architecture": Field("The processor that it is for: x86_64, arm64."),
    "ImageSpec.tags": Field("Tags, each of at most 255 characters.", most=128, merge="set"),
    "ImageSpec.properties": Field("Further properties, as Glance shows them.", longest=65_535, most=128),
    "ImageSpec.cloud_id": Field("What it is made of in the cloud: in AWS the id of an AMI."),
    "ImageSpec.root_device": Field(
        "The cloud's name of the root disk; empty: the root disk is as large as the image, whatever the flavor says."
    ),
    "ImageStatus.status": Field("Glance's word: active, queued, deactivated, …"),
    "RegionSpec.provider": Field("The kind of cloud behind the region.", words=PROVIDERS),
    "RegionSpec.cloud_region": Field("The cloud's own name of the region: us-east-1."),
    "RegionSpec.zones": Field("Its availability zones.", most=32, merge=("id",)),
    "RegionSpec.simulated": Field(
        "What of the region is simulated, as a sentence; empty when nothing is.", longest=4096
    ),
    "Zone.name": Field("The zone's name, as users see it."),
    "Zone.id": Field("The cloud's id of the zone; of AWS the zone id (use1-az1), because names differ by account."),
    "RegionStatus.capabilities": Field("What the region's cloud can do, by verb. Published by the engine.", most=512),
    "RegionStatus.limits": Field("The cloud's own limits, by name. Published by the engine.", most=256),
    "Capability.verb": Field("The verb or the attribute."),
    "Capability.level": Field(
        "native: the cloud does it. emulated: Gurum does. unbound: kept and shown, refused once a server holds it."
        " absent: refused.",
        words=("native", "emulated", "unbound", "absent"),
    ),
    "Capability.why": Field("Why, in a sentence that users read.", longest=4096),
    "Capability.values": Field("What it is about, where its name does not say it: ranges of addresses.", most=1024),
    "AccountSpec.provider": Field("The kind of cloud.", words=PROVIDERS),
    "AccountSpec.number": Field("The account's number: of AWS twelve digits."),
    "AccountSpec.partition": Field("The cloud's partition: aws, aws-cn."),
    "AccountSpec.projects": Field(
        "The ids of the projects that use it. Empty: every project of the region that no other account names.",
        most=MANY,
        merge="set",
    ),
}

KINDS: Kinds = {
    "Image": Kind(
        text="An image that root disks are made from. In AWS it is an AMI.",
        state=".status.status",
        columns=(Column("Region", ".spec.region"),),
    ),
    "Region": Kind(
        text="A region of OpenStack's region list, and the cloud behind it.",
        columns=(Column("Provider", ".spec.provider"), Column("Cloud", ".spec.cloudRegion")),
    ),
    "Account": Kind(
        text="An account of a cloud, and the projects that use it.",
        fixed=("number",),
        columns=(Column("Number", ".spec.number"), Column("Region", ".spec.region")),
    ),
}
