"""What AWS does when things are taken away, and moto does not: each module changes moto's classes when it is applied."""

from . import instances


def make_unkind():
    instances.apply()
