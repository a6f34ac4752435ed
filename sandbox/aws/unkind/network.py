"""A network can be taken down from its leaves only.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html (DependencyViolation, InvalidIPAddress.InUse)
https://docs.aws.amazon.com/vpc/latest/userguide/delete-vpc.html
"""

from moto.ec2.responses.elastic_ip_addresses import ElasticIPAddresses
from moto.ec2.responses.internet_gateways import InternetGateways
from moto.ec2.responses.route_tables import RouteTables
from moto.ec2.responses.security_groups import SecurityGroups
from moto.ec2.responses.subnets import Subnets
from moto.ec2.responses.vpcs import VPCs

from .interfaces import holder_of
from .refusals import check_first, refuse

delete_subnet = Subnets.delete_subnet
delete_vpc = VPCs.delete_vpc


def apply():
    Subnets.delete_subnet = delete_subnet_with_associations
    VPCs.delete_vpc = delete_vpc_with_default_acl
    check_first(SecurityGroups, "delete_security_group", security_group_is_free)
    check_first(Subnets, "delete_subnet", subnet_is_empty)
    check_first(InternetGateways, "detach_internet_gateway", no_public_addresses)
    check_first(RouteTables, "delete_route_table", is_not_main)
    check_first(VPCs, "delete_vpc", vpc_is_empty)
    check_first(ElasticIPAddresses, "release_address", address_is_free)
    check_first(ElasticIPAddresses, "disassociate_address", address_is_not_held)


def security_group_is_free(backend, parameter):
    name = parameter("GroupId") or parameter("GroupName")
    group = backend.get_security_group_by_name_or_id(name)
    if group is None:
        return
    if group.name == "default":
        refuse("CannotDelete", f'the specified group: "{group.id}" name: "default" cannot be deleted by a user')
    in_use = any(group.id in [used.id for used in eni.group_set] for eni in list(backend.enis.values()))
    if in_use or is_named_by_others(backend, group):
        refuse("DependencyViolation", f"resource {group.id} has a dependent object")


def is_named_by_others(backend, group):
    return any(
        (rule.source_group or {}).get("GroupId") == group.id
        for groups in backend.groups.values()
        for other in groups.values()
        if other.id != group.id
        for rule in [*other.ingress_rules, *other.egress_rules]
    )


def subnet_is_empty(backend, parameter):
    subnet_id = parameter("SubnetId")
    if any(eni.subnet.id == subnet_id for eni in list(backend.enis.values())):
        refuse("DependencyViolation", f"The subnet '{subnet_id}' has dependencies and cannot be deleted.")


def delete_subnet_with_associations(self):
    """The subnet's ties to route tables and access lists go with it; in moto they hold those for ever."""
    answer = delete_subnet(self)
    subnet_id = self._get_param("SubnetId")
    for table in self.ec2_backend.route_tables.values():
        for association, subnet in list(table._associations.items()):
            if subnet == subnet_id:
                del table._associations[association]
    for acl in self.ec2_backend.network_acls.values():
        for association, of_subnet in list(acl._associations.items()):
            if of_subnet.subnet_id == subnet_id:
                del acl._associations[association]
    return answer


def no_public_addresses(backend, parameter):
    vpc_id = parameter("VpcId")
    if any(eni.vpc_id == vpc_id and eni.public_ip for eni in list(backend.enis.values())):
        refuse(
            "DependencyViolation",
            f"Network {vpc_id} has some mapped public address(es). "
            "Please unmap those public address(es) before detaching the gateway.",
        )


def is_not_main(backend, parameter):
    table = backend.get_route_table(parameter("RouteTableId"))
    if table.main_association_id is not None:
        refuse("DependencyViolation", f"The routeTable '{table.id}' has dependencies and cannot be deleted.")


def vpc_is_empty(backend, parameter):
    vpc_id = parameter("VpcId")
    holds = [
        *(gateway for gateway in backend.internet_gateways.values() if gateway.vpc and gateway.vpc.id == vpc_id),
        *(gateway for gateway in backend.egress_only_internet_gateways.values() if gateway.vpc_id == vpc_id),
        *(group for group in backend.groups.get(vpc_id, {}).values() if group.name != "default"),
        *(acl for acl in backend.network_acls.values() if acl.vpc_id == vpc_id and not acl.default),
        *(endpoint for endpoint in backend.vpc_end_points.values() if endpoint.vpc_id == vpc_id),
        *(eni for eni in backend.enis.values() if eni.vpc_id == vpc_id),
    ]
    if holds:
        refuse("DependencyViolation", f"The vpc '{vpc_id}' has dependencies and cannot be deleted.")


def delete_vpc_with_default_acl(self):
    answer = delete_vpc(self)
    acls = self.ec2_backend.network_acls
    for acl in [acl for acl in acls.values() if acl.vpc_id == self._get_param("VpcId")]:
        del acls[acl.id]
    return answer


def find_address(backend, parameter):
    wanted = {parameter("PublicIp"), parameter("AllocationId"), parameter("AssociationId")} - {None}
    return next(
        (one for one in backend.addresses if wanted & {one.public_ip, one.allocation_id, one.association_id}), None
    )


def address_is_not_held(backend, parameter):
    address = find_address(backend, parameter)
    if address is not None and address.eni is not None and holder_of(address.eni) is not None:
        refuse("AuthFailure", "You do not have permission to access the specified resource.")


def address_is_free(backend, parameter):
    address_is_not_held(backend, parameter)
    address = find_address(backend, parameter)
    if address is not None and address.association_id is not None:
        refuse("InvalidIPAddress.InUse", f"Address {address.public_ip} is in use.")
