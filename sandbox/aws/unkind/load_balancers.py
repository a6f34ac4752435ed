"""Load balancers have interfaces in their subnets, which outlive them by seconds, and so may the use of target groups.

https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-troubleshooting.html
https://github.com/kubernetes/cloud-provider-aws/blob/master/pkg/providers/v1/aws.go (EnsureLoadBalancerDeleted: a target
group whose deletion is refused once is forgotten)
"""

import time

from moto.core.exceptions import ServiceException
from moto.ec2.utils import random_public_ip
from moto.elbv2.models import ELBv2Backend

from .interfaces import hold, remove_interfaces
from .settling import later, later_action

create = ELBv2Backend.create_load_balancer
set_subnets = ELBv2Backend.set_subnets
set_security_groups = ELBv2Backend.set_security_groups
create_target_group = ELBv2Backend.create_target_group
any_listener_using = ELBv2Backend._any_listener_using

INTERFACES_LINGER_SECONDS = 3
LISTENERS_LINGER_SECONDS = 2

OWNER = "amazon-elb"


class OperationNotPermitted(ServiceException):
    code = "OperationNotPermitted"


def apply():
    ELBv2Backend.create_load_balancer = create_load_balancer
    ELBv2Backend.set_subnets = set_subnets_and_interfaces
    ELBv2Backend.set_security_groups = set_security_groups_of_interfaces
    ELBv2Backend.create_target_group = create_target_group_once
    ELBv2Backend.delete_load_balancer = delete_load_balancer
    ELBv2Backend._any_listener_using = is_in_use


def describe(balancer):
    """As callers see its ARN; moto's own says "app" of every load balancer."""
    kind = {"network": "net", "gateway": "gwy"}.get(balancer.type, "app")
    return f"ELB {kind}/{balancer.name}/{balancer.arn.rsplit('/', 1)[-1]}"


def interfaces_of(backend, balancer):
    description = describe(balancer)
    return [eni for eni in list(backend.ec2_backend.enis.values()) if eni.description == description]


def place(backend, balancer):
    """One interface in each of its subnets, with its security groups."""
    ec2_backend = backend.ec2_backend
    present = interfaces_of(backend, balancer)
    wanted = {subnet.id for subnet in balancer.subnets}
    remove_interfaces(ec2_backend, *(eni.id for eni in present if eni.subnet.id not in wanted))
    for subnet in balancer.subnets:
        if subnet.id in {eni.subnet.id for eni in present}:
            continue
        eni = ec2_backend.create_network_interface(subnet, subnet.get_available_subnet_ip(None))
        hold(eni, OWNER, describe(balancer), "network_load_balancer" if balancer.type == "network" else "interface")
        if balancer.scheme != "internal":
            eni.public_ip = random_public_ip()
    groups = [ec2_backend.get_security_group_from_id(group) for group in balancer.security_groups or []]
    for eni in interfaces_of(backend, balancer):
        eni._group_set = [group for group in groups if group is not None]


def create_load_balancer(self, *args, **kwargs):
    balancer = create(self, *args, **kwargs)
    place(self, balancer)
    return balancer


def set_subnets_and_interfaces(self, arn, *args, **kwargs):
    answer = set_subnets(self, arn, *args, **kwargs)
    place(self, self.load_balancers[arn])
    return answer


def set_security_groups_of_interfaces(self, arn, *args, **kwargs):
    answer = set_security_groups(self, arn, *args, **kwargs)
    place(self, self.load_balancers[arn])
    return answer


def create_target_group_once(self, name, **kwargs):
    """moto refuses any name that is taken; AWS gives back the group that was made with the same settings.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
    """
    settings = {key: value for key, value in kwargs.items() if key != "tags"}
    known = next((group for group in self.target_groups.values() if group.name == name), None)
    if known is not None and known.__dict__.get("made_with") == settings:
        return known
    group = create_target_group(self, name, **kwargs)
    group.__dict__["made_with"] = settings
    return group


def delete_load_balancer(self, arn):
    balancer = self.load_balancers.get(arn)
    if balancer is None:
        return
    if balancer.attrs.get("deletion_protection.enabled") == "true":
        raise OperationNotPermitted(
            f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled"
        )
    del self.load_balancers[arn]
    later(self.ec2_backend, INTERFACES_LINGER_SECONDS, remove_interfaces, *(e.id for e in interfaces_of(self, balancer)))
    certificates = [use for listener in balancer.listeners.values() for use in listener.certificates]
    note_use(self, certificates, INTERFACES_LINGER_SECONDS)
    groups = [group for group in self.target_groups.values() if arn in group.load_balancer_arns]
    for group in groups:
        group.load_balancer_arns.remove(arn)
    # Sometimes is every second time here, so that both can be tested; the first that goes is one.
    gone = self.__dict__["load_balancers_gone"] = self.__dict__.get("load_balancers_gone", 0) + 1
    if gone % 2 == 1:
        note_use(self, [group.arn for group in groups], LISTENERS_LINGER_SECONDS)


def note_use(backend, arns, seconds):
    uses = backend.__dict__.setdefault("lingering_uses", {})
    for arn in arns:
        uses[arn] = time.time() + seconds


def still_used(backend, arn):
    return backend.__dict__.get("lingering_uses", {}).get(arn, 0) > time.time()


def is_in_use(self, target_group_arn):
    return any_listener_using(self, target_group_arn) or still_used(self, target_group_arn)
