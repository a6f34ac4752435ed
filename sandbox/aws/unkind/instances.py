"""Instances end slowly, and give their network interfaces back; now and then one of the CNI plugin's stays behind.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/scenarios-enis.html (termination behavior)
https://github.com/aws/amazon-vpc-cni-k8s/issues/1223 (interfaces that are detached but not yet deleted when a node ends)
"""

import copy

from moto.ec2.models.instances import Instance, InstanceState

from .interfaces import remove_interface
from .settling import later, later_action

prepare = Instance.prep_nics
terminate = Instance.terminate

SHUTTING_DOWN_SECONDS = 1.5
OF_CNI = "node.k8s.amazonaws.com/instance_id"


def apply():
    Instance.prep_nics = prep_nics
    Instance.terminate = terminate_slowly
    for name in ("private_ip", "private_ip_address", "public_ip", "public_ip_address"):
        setattr(Instance, name, property(of_primary_interface(name.removesuffix("_address"))))
    Instance.private_dns_name = property(private_dns_name)


def prep_nics(self, nic_spec, *args, **kwargs):
    """The primary interface goes with its instance unless that was not wanted; moto keeps it unless it was wanted."""
    goes_along = all(
        "NetworkInterfaceId" not in nic and str(nic.get("DeleteOnTermination", True)).lower() != "false"
        for nic in nic_spec
        if int(nic.get("DeviceIndex", 0)) == 0
    )
    prepare(self, nic_spec, *args, **kwargs)
    self.nics[0].delete_on_termination = goes_along


def terminate_slowly(self):
    if self._state.name in ("shutting-down", "terminated"):
        return copy.copy(self._state)
    nics = self.nics
    self.nics = {}
    previous = terminate(self)
    self.nics = nics
    self._state = InstanceState("shutting-down", 32)
    later(self.ec2_backend, SHUTTING_DOWN_SECONDS, end_instance, self.id)
    return previous


@later_action
def end_instance(ec2_backend, instance_id):
    instance = ec2_backend.get_instance(instance_id)
    instance._state = InstanceState("terminated", 48)
    for nic in list(instance.nics.values()):
        goes_along = nic.delete_on_termination and not is_left_behind(ec2_backend, instance, nic)
        instance.detach_eni(nic)
        nic.public_ip = None
        if goes_along:
            remove_interface(ec2_backend, nic.id)
    # As AWS describes it then: of no network any more.
    instance._subnet_id = None
    instance.security_groups = []


def is_left_behind(ec2_backend, instance, nic):
    """The first node to end, of each node group and of Karpenter's in each cluster, leaves its second interface."""
    if OF_CNI not in {tag["key"] for tag in nic.get_tags()}:
        return False
    tags = {tag["key"]: tag["value"] for tag in instance.get_tags()}
    cluster = tags.get("eks:cluster-name") or tags.get("eks:eks-cluster-name")
    group = (cluster, tags.get("eks:nodegroup-name", "karpenter"))
    have_left_one = ec2_backend.__dict__.setdefault("node_groups_that_left_an_interface", set())
    if group in have_left_one:
        return False
    have_left_one.add(group)
    return True


def of_primary_interface(kind):
    attribute = {"private_ip": "private_ip_address", "public_ip": "public_ip"}[kind]
    return lambda self: getattr(self.nics[0], attribute) if 0 in self.nics else None


def private_dns_name(self):
    if self.private_ip is None:
        return ""
    host = f"ip-{self.private_ip.replace('.', '-')}"
    return f"{host}.ec2.internal" if self.region_name == "us-east-1" else f"{host}.{self.region_name}.compute.internal"
