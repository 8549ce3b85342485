"""Servers, and their consoles."""

from __future__ import annotations

from gurum.store.kubernetes.definitions.row import LONG, MANY, SOME, Column, Field, Fields, Kind, Kinds, Reference

VM_STATES = (
    *("building", "active", "stopped", "error", "deleted", "paused", "suspended", "rescued", "resized"),
    *("soft-delete", "shelved", "shelved_offloaded"),
)

FIELDS: Fields = {
    "ServerSpec.name": Field(
        "The server's display name, 1 to 255 characters; it need not be unique. Left out, it is the object's name.",
        filled=True,
    ),
    "ServerSpec.user_id": Field("The id of the user who made the server. Filled in at creation.", filled=True),
    "ServerSpec.flavor": Field(
        "The flavor as it was when the server was made: a later change of the flavor does not change the server."
        " Filled in from flavorRef.",
        said="flavorRef",
    ),
    "ServerSpec.image_id": Field(
        "The id of the image that the root disk is made from. Filled in from imageRef.", said="imageRef"
    ),
    "ServerSpec.image_cloud_id": Field(
        "The cloud's id of that image when the server was made (in AWS an AMI). Filled in from imageRef.",
        said="imageRef",
    ),
    "ServerSpec.key": Field(
        "The key pair as it was when the server was made. Filled in from keyName.", said="key_name"
    ),
    "ServerSpec.networks": Field(
        "The network interfaces to make, in order. An empty list: none. Left out: one in the project's only network.",
        most=SOME,
    ),
    "ServerSpec.security_groups": Field(
        "The ids of the security groups of the interfaces made with the server; a port of your own keeps its own."
        " Left out, it is the project's default group.",
        most=SOME,
        merge="set",
    ),
    "ServerSpec.availability_zone": Field(
        "The availability zone to build in, by its OpenStack name. Left out: any that has capacity."
    ),
    "ServerSpec.group": Field(
        "The id of the server group that the server is made in; it keeps it when the group is deleted. Filled in from"
        " groupRef.",
        said="group",
    ),
    "ServerSpec.user_data": Field(
        "What cloud-init gets, in base64, at most 65535 characters of it. Whoever may read the server reads what is"
        " written here; of a server made by OpenStack's API it is kept in a Secret (userDataSecret).",
        longest=65_535,
    ),
    "ServerSpec.user_data_secret": Field(
        "The name of the Secret that keeps the user data, in a namespace that nobody but Gurum reads. Given by Gurum.",
        longest=253,
    ),
    "ServerSpec.config_drive": Field("Whether metadata and user data are also on a drive of the server."),
    "ServerSpec.metadata": Field(
        "Your own keys and values, each of at most 255 characters; Gurum only keeps them. How many there may be is a"
        " quota (metadata_items): 128 unless an operator says otherwise.",
        most=SOME,
    ),
    "ServerSpec.tags": Field(
        "Your own tags: at most 50, each of at most 60 characters.", longest=60, most=50, merge="set"
    ),
    "ServerSpec.description": Field("A description for people, at most 255 characters."),
    "ServerSpec.hostname": Field("The host name that the guest is told. Left out, it follows from the name."),
    "ServerSpec.disk_config": Field(
        "How the disk is partitioned: AUTO or MANUAL. Kept and shown; the image decides.", words=("AUTO", "MANUAL")
    ),
    "ServerSpec.access_ipv4": Field("An IPv4 address under which you reach the server; only kept and shown."),
    "ServerSpec.access_ipv6": Field("An IPv6 address under which you reach the server; only kept and shown."),
    "ServerSpec.reservation_id": Field("The id that the servers of one request share. Filled in at creation."),
    "ServerSpec.launch_index": Field("The server's number among those of one request, from 0.", least=0),
    "ServerSpec.locked": Field("Whether the server is locked: nobody but an administrator changes or deletes it."),
    "ServerSpec.locked_reason": Field("Why the server is locked."),
    "ServerSpec.trusted_image_certificates": Field(
        "The ids of the certificates by which the image's signature is checked; at most 50.", most=50
    ),
    "ServerSpec.actions": Field(
        "The verbs asked of the server (create, start, stop, reboot, …), oldest first. The last twenty and those not"
        " done yet are kept here; the rest is history.",
        most=SOME,
        merge=("number",),
    ),
    "ServerFlavor.id": Field("The flavor's id, as OpenStack's clients know it."),
    "ServerFlavor.name": Field("The flavor's name."),
    "ServerFlavor.vcpus": Field("Virtual processors.", least=0),
    "ServerFlavor.ram": Field("Memory in MiB.", least=0),
    "ServerFlavor.disk": Field("The root disk in GiB.", least=0),
    "ServerFlavor.ephemeral": Field("The ephemeral disk in GiB.", least=0),
    "ServerFlavor.swap": Field("Swap in MiB.", least=0),
    "ServerFlavor.extra_specs": Field("The flavor's extra specs, as they were.", most=SOME),
    "ServerKey.name": Field("The key pair's name."),
    "ServerKey.public_key": Field("The public key, or the certificate.", longest=65_535),
    "ServerKey.fingerprint": Field("The fingerprint of the key."),
    "ServerKey.type": Field("What it is: an SSH key or an X.509 certificate.", words=("ssh", "x509")),
    "NetworkRequest.network_id": Field(
        "The id of the network in which an interface is made. Filled in from networkRef.", said="networks"
    ),
    "NetworkRequest.port_id": Field(
        "The id of the port that becomes the interface. Filled in from portRef.", said="networks"
    ),
    "NetworkRequest.fixed_ip": Field("The address to give the interface. Left out: any free one of the network."),
    "NetworkRequest.tag": Field("The tag under which the guest finds the interface.", longest=60),
    "Action.number": Field("The action's number within the server: 1, 2, 3, …", least=1),
    "Action.action": Field("Nova's word for it: create, start, stop, reboot, attach_interface, …"),
    "Action.request_id": Field("The id of the request that asked for it. Filled in.", filled=True),
    "Action.user_id": Field("The id of the user who asked for it. Filled in.", filled=True),
    "Action.project_id": Field("The id of the project that the request was made for. Filled in.", filled=True),
    "Action.start_time": Field("When it was asked for. Filled in.", filled=True),
    "Action.arguments": Field("What the verb needs to know: of a reboot its type, SOFT or HARD.", longest=LONG),
    "ServerStatus.vm_state": Field(
        "The state in Nova's words. A server here is building, active, stopped, in error or deleted.",
        words=VM_STATES,
    ),
    "ServerStatus.task_state": Field("What is being done now, in Nova's words; null at rest."),
    "ServerStatus.power_state": Field(
        "Nova's number of the power state: 0 unknown, 1 running, 3 paused, 4 shut down, 6 crashed, 7 suspended.",
        words=(0, 1, 3, 4, 6, 7),
    ),
    "ServerStatus.zone": Field("The cloud's id of the zone that the server was placed in."),
    "ServerStatus.availability_zone": Field("The OpenStack name of that zone."),
    "ServerStatus.attempt": Field("How often a launch was tried, each time in a zone of its own.", least=0),
    "ServerStatus.zones_failed": Field("The ids of the zones that had no capacity in this round of attempts."),
    "ServerStatus.external": Field("Where the server is in the cloud: in AWS its EC2 instance."),
    "ServerStatus.addresses": Field("The server's addresses, as its user sees them.", most=MANY),
    "ServerStatus.security_groups": Field("The names of the security groups of its interfaces.", most=MANY),
    "ServerStatus.launched_at": Field("When the server first ran."),
    "ServerStatus.terminated_at": Field("When the server was gone in the cloud."),
    "ServerStatus.fault": Field("Why the server is in error, as Nova shows it."),
    "ServerStatus.progress": Field("Percent of the build.", least=0, greatest=100),
    "ServerStatus.done": Field("The number of the last action worked off; larger ones are still to do.", least=0),
    "ServerStatus.outcomes": Field("How the last actions ended, or how far they are.", most=64),
    "ServerStatus.boot_time": Field(
        "The cloud's launch time of the running instance, by which a reboot is seen to have happened."
    ),
    "Fault.code": Field("Nova's code of the fault, like an HTTP status."),
    "Fault.message": Field("What went wrong, what it waits for, until when.", longest=LONG),
    "Fault.created": Field("When it went wrong."),
    "Fault.details": Field("More of it, for who operates the cloud.", longest=LONG),
    "Address.network": Field("The network's name."),
    "Address.addr": Field("The address."),
    "Address.mac": Field("The MAC address of the interface."),
    "Address.port_id": Field("The id of the port."),
    "Address.version": Field("The address's IP version.", words=(4, 6)),
    "Address.type": Field("fixed: of the network. floating: reachable from outside.", words=("fixed", "floating")),
    "ActionOutcome.number": Field("The number of the action.", least=1),
    "ActionOutcome.event": Field("Nova's name of the event: compute__do_build_and_run_instance."),
    "ActionOutcome.start_time": Field("When work on it began."),
    "ActionOutcome.finish_time": Field("When it ended; absent while it is under way."),
    "ActionOutcome.result": Field("Success or Error, once it ended.", words=("", "Success", "Error")),
    "ActionOutcome.details": Field("What went wrong.", longest=LONG),
    "ActionOutcome.cloud_request_id": Field("The cloud's id of the call, to be told to the cloud's support."),
    "ServerActionSpec.server_ref": Field("The server: its name or id."),
    "ServerActionSpec.action": Field(
        "What to do with it: start, stop, reboot, lock, unlock, forceDelete, or Nova's own name of an action."
    ),
    "ServerActionSpec.arguments": Field("What the action needs to know: of a reboot its type, SOFT or HARD.", most=64),
    "ServerActionSpec.ttl_seconds_after_finished": Field(
        "For how many seconds the object is kept once it is done, or refused.", least=0, greatest=31_536_000
    ),
    "ServerActionStatus.outcome": Field(
        "Accepted: the server is being worked on. Success, Error: how that ended. Refused: nothing was done.",
        words=("", "Accepted", "Success", "Error", "Refused"),
    ),
    "ServerActionStatus.message": Field("Why it was refused, or what went wrong.", longest=LONG),
    "ServerActionStatus.request_id": Field("The id of the request, as in the server's list of actions."),
    "ServerActionStatus.server_id": Field("The server's id."),
    "ServerActionStatus.accepted_at": Field("When it was taken up."),
    "ServerActionStatus.finished_at": Field("When it was over."),
    "ConsoleLogSpec.asked_at": Field("When somebody last asked for the console's text."),
    "ConsoleLogStatus.text": Field("The console's last text, at most 64 KiB.", longest=65_536),
    "ConsoleLogStatus.fetched_at": Field("When the cloud was asked for it."),
}

KINDS: Kinds = {
    "Server": Kind(
        text="A virtual machine: OpenStack's server. In AWS it is an EC2 instance.",
        fixed=(
            *("user_id", "flavor", "image_id", "image_cloud_id", "key", "networks", "availability_zone", "group"),
            *(
                "user_data",
                "user_data_secret",
                "config_drive",
                "reservation_id",
                "launch_index",
                "trusted_image_certificates",
            ),
        ),
        shown=("flavor", "networks", "group"),
        references=(
            Reference(
                written="flavorRef",
                filled="flavor",
                target="Flavor",
                copied=True,
                text="The flavor: its name or id. It cannot be changed later.",
            ),
            Reference(
                written="imageRef",
                filled="imageID",
                target="Image",
                also=("imageCloudID",),
                text="The image that the root disk is made from: its name or id. It cannot be changed later.",
            ),
            Reference(
                written="keyName",
                filled="key",
                target="KeyPair",
                copied=True,
                text="The key pair whose public key the guest gets: its name. It cannot be changed later.",
            ),
            Reference(
                written="networks[].networkRef",
                filled="networks[].networkID",
                target="Network",
                text="The network in which an interface is made: its name or id.",
            ),
            Reference(
                written="networks[].portRef",
                filled="networks[].portID",
                target="Port",
                text="The port that becomes the interface: its name or id.",
            ),
            Reference(
                written="securityGroupRefs[]",
                filled="securityGroups[]",
                target="SecurityGroup",
                text="The security groups of the interfaces made with the server: their names or ids.",
            ),
            Reference(
                written="groupRef",
                filled="group",
                target="ServerGroup",
                text="The server group to make the server in: its name or id. It cannot be changed later.",
            ),
        ),
        state=".status.vmState",
        columns=(Column("Zone", ".status.availabilityZone", priority=1),),
    ),
    "ServerAction": Kind(
        text="A verb asked of a server, once: what OpenStack's clients POST. It cannot be changed; make another.",
        fixed=("*",),
        state=".status.outcome",
        columns=(
            Column("Server", ".spec.serverRef"),
            Column("Action", ".spec.action"),
            Column("Message", ".status.message", priority=1),
        ),
    ),
    "ConsoleLog": Kind(text="A server's console output, kept because the API answers from what was written down."),
}
