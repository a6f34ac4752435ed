"""Network interfaces that belong to other services, and those in use, which can't be deleted.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/requester-managed-eni.html
"""

import uuid
from types import SimpleNamespace

from moto.ec2.models.elastic_network_interfaces import NetworkInterface, NetworkInterfaceBackend
from moto.ec2.models.subnets import Subnet
from moto.ec2.responses.elastic_network_interfaces import ElasticNetworkInterfaces

from .refusals import check_first, refuse
from .settling import is_internal, later_action

create = NetworkInterfaceBackend.create_network_interface
attachment_of = NetworkInterface.attachment.fget
association_of = NetworkInterface.association.fget
filter_value = NetworkInterface.get_filter_value
modify = ElasticNetworkInterfaces.modify_network_interface_attribute

# The account that EKS' control planes are in; which one it is plays no part.
EKS = "123456123456"


def apply():
    Subnet.get_available_subnet_ip = get_available_subnet_ip
    NetworkInterfaceBackend.create_network_interface = create_network_interface
    NetworkInterface.attachment = property(attachment)
    NetworkInterface.association = property(association)
    NetworkInterface.get_filter_value = get_filter_value
    ElasticNetworkInterfaces.modify_network_interface_attribute = modify_network_interface_attribute
    check_first(ElasticNetworkInterfaces, "delete_network_interface", interface_is_free)
    check_first(ElasticNetworkInterfaces, "detach_network_interface", attachment_is_own)


def holder_of(eni):
    """The service that holds the interface, if one does."""
    return getattr(eni, "held_by", None)


def hold(eni, service, description, kind="interface"):
    eni.held_by = service
    eni.description = description
    eni.interface_type = kind
    eni.requester_managed = service != EKS
    eni.requester_id = service
    eni.status = "in-use"
    eni.attachment_id = f"{'eni' if service == EKS else 'ela'}-attach-{uuid.uuid4().hex[:17]}"


def get_available_subnet_ip(self, instance):
    """moto hands out first what has just become free: a new node would be named as the one that it replaces."""
    kept = self.aws_reserved_ips | self._reserved_ips
    free = [address for address in self.cidr.hosts() if address not in kept and str(address) not in self._subnet_ips]
    if not free:
        refuse("InsufficientFreeAddressesInSubnet", f"Insufficient free addresses in subnet '{self.id}'.")
    new = str(next((address for address in free if str(address) not in self._unused_ips), free[0]))
    self._unused_ips.discard(new)
    self._subnet_ips[new] = instance
    return new


def create_network_interface(self, *args, **kwargs):
    eni = create(self, *args, **kwargs)
    if is_internal() and eni.description.startswith("Amazon EKS "):
        hold(eni, EKS, eni.description)
    return eni


def attachment(self):
    if holder_of(self) is None:
        return attachment_of(self)
    return SimpleNamespace(
        attachment_id=self.attachment_id,
        delete_on_termination=False,
        device_index=1,
        network_card_index=0,
        instance_owner_id=self.held_by,
        status="attached",
    )


def association(self):
    found = association_of(self)
    # An address that the service brought along, not one of the account's.
    return {**found, "ipOwnerId": self.held_by} if found and "allocationId" not in found and holder_of(self) else found


def get_filter_value(self, filter_name, method_name=None):
    if filter_name == "requester-managed":
        return str(self.requester_managed).lower()
    if filter_name == "attachment.status":
        return None if self.attachment is None else self.attachment.status
    return filter_value(self, filter_name, method_name)


def modify_network_interface_attribute(self):
    """moto overlooks what is asked about the attachment."""
    ends = self._get_param("Attachment.DeleteOnTermination")
    if ends is not None:
        eni = self.ec2_backend.get_network_interface(self._get_param("NetworkInterfaceId"))
        eni.delete_on_termination = str(ends).lower() == "true"
    return modify(self)


def interface_is_free(backend, parameter):
    eni = backend.get_network_interface(parameter("NetworkInterfaceId"))
    if eni.status == "in-use" and not (is_internal() and holder_of(eni) == EKS):
        refuse("InvalidParameterValue", f"Network interface '{eni.id}' is currently in use.")


def attachment_is_own(backend, parameter):
    attachment_id = parameter("AttachmentId")
    if any(eni.attachment_id == attachment_id and holder_of(eni) for eni in list(backend.enis.values())):
        kind = attachment_id.rsplit("-", 1)[0]
        refuse("OperationNotPermitted", f"You are not allowed to manage '{kind}' attachments.")


@later_action
def remove_interfaces(ec2_backend, *eni_ids):
    for eni_id in eni_ids:
        remove_interface(ec2_backend, eni_id)


def remove_interface(ec2_backend, eni_id):
    eni = ec2_backend.enis.pop(eni_id, None)
    if eni is None:
        return
    for address in eni.private_ip_addresses:
        eni.subnet.del_subnet_ip(address["PrivateIpAddress"])
    for address in ec2_backend.addresses:
        if address.eni is eni:
            address.eni = address.association_id = None
