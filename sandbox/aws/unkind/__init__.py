"""What AWS does when things are taken away, and moto does not: each module changes moto's classes when it is applied."""

from . import endpoints, file_systems, instances, interfaces, load_balancers, nat_gateways, network, others, settling


def make_unkind():
    for module in (settling, interfaces, instances, network, nat_gateways, endpoints, load_balancers, file_systems, others):
        module.apply()
