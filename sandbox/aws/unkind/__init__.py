"""What AWS does when things are taken away, and moto does not: each module changes moto's classes when it is applied."""

from . import instances, nat_gateways


def make_unkind():
    instances.apply()
    nat_gateways.apply()
