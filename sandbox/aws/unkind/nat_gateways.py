"""A NAT gateway holds its interface and address while it is being deleted, and is listed for an hour after that.

https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-working-with.html
"""

from moto.ec2.models.nat_gateways import NatGatewayBackend

from .interfaces import hold, remove_interface
from .refusals import refuse
from .settling import later, later_action

create = NatGatewayBackend.create_nat_gateway

DELETING_SECONDS = 2
LISTED_SECONDS = 3600


def apply():
    NatGatewayBackend.create_nat_gateway = create_nat_gateway
    NatGatewayBackend.delete_nat_gateway = delete_nat_gateway


def create_nat_gateway(self, *args, **kwargs):
    gateway = create(self, *args, **kwargs)
    hold(gateway._eni, "amazon-aws", f"Interface for NAT Gateway {gateway.id}", "nat_gateway")
    gateway._eni._group_set = []
    return gateway


def delete_nat_gateway(self, nat_gateway_id):
    gateway = self.nat_gateways.get(nat_gateway_id)
    if gateway is None:
        refuse("NatGatewayNotFound", f"NatGateway {nat_gateway_id} was not found")
    if gateway.state == "available":
        gateway.state = "deleting"
        later(self, DELETING_SECONDS, end_nat_gateway, nat_gateway_id)
    return gateway


@later_action
def end_nat_gateway(ec2_backend, nat_gateway_id):
    gateway = ec2_backend.nat_gateways[nat_gateway_id]
    gateway.state = "deleted"
    remove_interface(ec2_backend, gateway._eni.id)
    later(ec2_backend, LISTED_SECONDS, forget_nat_gateway, nat_gateway_id)


@later_action
def forget_nat_gateway(ec2_backend, nat_gateway_id):
    ec2_backend.nat_gateways.pop(nat_gateway_id, None)
