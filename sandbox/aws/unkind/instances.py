"""A terminated instance gives its network interfaces back.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/scenarios-enis.html (termination behavior)
"""

from moto.ec2.models.instances import Instance

prepare = Instance.prep_nics
terminate = Instance.terminate


def apply():
    Instance.prep_nics = prep_nics
    Instance.terminate = terminate_with_interfaces
    for name in ("private_ip", "private_ip_address", "public_ip", "public_ip_address"):
        setattr(Instance, name, property(of_primary_interface(name.removesuffix("_address"))))
    Instance.private_dns_name = property(private_dns_name)


def prep_nics(self, nic_spec, *args, **kwargs):
    """The primary interface goes with its instance unless that was not wanted; moto keeps it unless it was wanted."""
    made_with_it = all(
        "NetworkInterfaceId" not in nic and str(nic.get("DeleteOnTermination", True)).lower() != "false"
        for nic in nic_spec
        if int(nic.get("DeviceIndex", 0)) == 0
    )
    prepare(self, nic_spec, *args, **kwargs)
    self.nics[0].delete_on_termination = made_with_it


def terminate_with_interfaces(self):
    previous = terminate(self)
    for nic in list(self.nics.values()):
        self.detach_eni(nic)
    # As AWS describes it then: of no network any more.
    self._subnet_id = None
    self.security_groups = []
    return previous


def of_primary_interface(kind):
    attribute = {"private_ip": "private_ip_address", "public_ip": "public_ip"}[kind]
    return lambda self: getattr(self.nics[0], attribute) if 0 in self.nics else None


def private_dns_name(self):
    if self.private_ip is None:
        return ""
    host = f"ip-{self.private_ip.replace('.', '-')}"
    return f"{host}.ec2.internal" if self.region_name == "us-east-1" else f"{host}.{self.region_name}.compute.internal"
