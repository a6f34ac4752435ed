"""A NAT gateway that is deleted gives its interface back.

https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-working-with.html
"""

from moto.ec2.models.nat_gateways import NatGatewayBackend

delete = NatGatewayBackend.delete_nat_gateway


def apply():
    NatGatewayBackend.delete_nat_gateway = delete_with_interface


def delete_with_interface(self, nat_gateway_id):
    gateway = delete(self, nat_gateway_id)
    self.enis.pop(gateway._eni.id, None)
    return gateway
