"""What servers are made from, and how they are placed to each other."""

from __future__ import annotations

from gurum.store.kubernetes.definitions.row import MANY, SOME, Column, Field, Fields, Kind, Kinds

POLICIES = ("affinity", "anti-affinity", "soft-affinity", "soft-anti-affinity")

FIELDS: Fields = {
    "FlavorSpec.name": Field(
        "The flavor's name, unique in its region. Left out, it is the object's name.", filled=True
    ),
    "FlavorSpec.vcpus": Field("Virtual processors.", least=0),
    "FlavorSpec.ram": Field("Memory in MiB.", least=0),
    "FlavorSpec.disk": Field("The root disk in GiB; 0: as large as the image.", least=0),
    "FlavorSpec.flavorid": Field(
        "The id by which OpenStack's clients know the flavor; it need not be a UUID. Left out, it is made.",
        filled=True,
        said="id",
    ),
    "FlavorSpec.ephemeral": Field("The ephemeral disk in GiB.", least=0),
    "FlavorSpec.swap": Field("Swap in MiB.", least=0),
    "FlavorSpec.rxtx_factor": Field("Nova's factor of the network's bandwidth; only kept and shown."),
    "FlavorSpec.is_public": Field("Whether every project may use it, or only those in access."),
    "FlavorSpec.disabled": Field("Whether it is no longer offered to administrators' clients either."),
    "FlavorSpec.description": Field("A description for people.", longest=65_535),
    "FlavorSpec.extra_specs": Field(
        "Keys and values for the cloud; aws:instance_type is the EC2 instance type.", most=SOME
    ),
    "FlavorSpec.access": Field("The ids of the projects that may use a private flavor.", most=MANY, merge="set"),
    "KeyPairSpec.name": Field(
        "The key pair's name, unique for its user. Left out, it is the object's name.", filled=True
    ),
    "KeyPairSpec.user_id": Field("The id of the user whose key it is. Filled in at creation.", filled=True),
    "KeyPairSpec.public_key": Field(
        "The public key in OpenSSH's form, or a certificate in PEM. There is never a private key here.", longest=65_535
    ),
    "KeyPairSpec.fingerprint": Field("The key's fingerprint. Filled in at creation.", filled=True),
    "KeyPairSpec.type": Field("What it is: an SSH key or an X.509 certificate.", words=("ssh", "x509")),
    "KeyPairSpec.number": Field("Nova's integer id of the pair. Filled in at creation.", least=0, said="id"),
    "CloudKeySpec.public_key": Field("The public key that the cloud account knows.", longest=65_535),
    "CloudKeySpec.fingerprint": Field("Its fingerprint."),
    "ServerGroupSpec.name": Field(
        "The group's name; it need not be unique. Left out, it is the object's name.", filled=True
    ),
    "ServerGroupSpec.user_id": Field("The id of the user who made the group. Filled in at creation.", filled=True),
    "ServerGroupSpec.policy": Field(
        "How its servers are placed: on one host (affinity) or on different ones (anti-affinity); soft: if it can be.",
        words=POLICIES,
    ),
    "ServerGroupSpec.rules": Field(
        "Of anti-affinity: max_server_per_host, how many of its servers one host may have.", least=0, most=8
    ),
}

KINDS: Kinds = {
    "Flavor": Kind(
        text="A size of servers, offered in a region.",
        columns=(
            Column("VCPUs", ".spec.vcpus", "integer"),
            Column("RAM", ".spec.ram", "integer"),
            Column("Disk", ".spec.disk", "integer"),
            Column("Region", ".spec.region"),
        ),
    ),
    "KeyPair": Kind(
        text="A public key of a user, to be put into servers. It cannot be changed; delete it and make another.",
        fixed=("*",),
        columns=(Column("Fingerprint", ".spec.fingerprint", priority=1),),
    ),
    "CloudKey": Kind(
        text="A public key that a cloud account must know to launch servers with it, made and collected by Gurum.",
        fixed=("*",),
    ),
    "ServerGroup": Kind(
        text="Servers that are to be near or far from each other. It cannot be changed.",
        fixed=("*",),
        columns=(Column("Policy", ".spec.policy"),),
    ),
}
