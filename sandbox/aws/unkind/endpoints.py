"""Endpoints in a VPC have interfaces with security groups, and take a moment to go.

https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html
"""

from contextlib import suppress

from moto.ec2.exceptions import InvalidRouteError
from moto.ec2.models.vpcs import VPCBackend

from .interfaces import hold, remove_interface
from .settling import later, later_action

create = VPCBackend.create_vpc_endpoint

DELETING_SECONDS = 1.5


def apply():
    VPCBackend.create_vpc_endpoint = create_vpc_endpoint
    VPCBackend.delete_vpc_endpoints = delete_vpc_endpoints


def interfaces_of(ec2_backend, endpoint):
    return [ec2_backend.enis[eni_id] for eni_id in endpoint.network_interface_ids or [] if eni_id in ec2_backend.enis]


def create_vpc_endpoint(self, *args, **kwargs):
    endpoint = create(self, *args, **kwargs)
    groups = [self.get_security_group_from_id(group) for group in endpoint.security_group_ids or []]
    for eni in interfaces_of(self, endpoint):
        hold(eni, "amazon-aws", f"VPC Endpoint Interface {endpoint.id}", "vpc_endpoint")
        if groups:
            eni._group_set = groups
    return endpoint


def delete_vpc_endpoints(self, vpce_ids=None):
    for endpoint_id in vpce_ids or []:
        endpoint = self.vpc_end_points.get(endpoint_id)
        if endpoint is not None and endpoint.state != "deleting":
            endpoint.state = "deleting"
            later(self, DELETING_SECONDS, end_endpoint, endpoint_id)


@later_action
def end_endpoint(ec2_backend, endpoint_id):
    endpoint = ec2_backend.vpc_end_points.pop(endpoint_id)
    for eni in interfaces_of(ec2_backend, endpoint):
        remove_interface(ec2_backend, eni.id)
    for table_id in endpoint.route_table_ids or []:
        if table_id in ec2_backend.route_tables:
            with suppress(InvalidRouteError):
                ec2_backend.delete_route(table_id, endpoint.destination_prefix_list_id)
