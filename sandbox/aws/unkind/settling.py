"""What takes AWS a while: backends keep a list of what is due when, and each call begins with what is overdue.

The list is kept in moto's memory with everything else, so that it outlives a snapshot.
"""

import threading
import time

from moto.core.responses import BaseResponse
from moto.ec2.models import ec2_backends
from moto.efs.models import efs_backends
from moto.elbv2.models import elbv2_backends

ACTIONS = {}
turn = threading.Lock()
call = threading.local()
set_up = BaseResponse.setup_class


def apply():
    BaseResponse.setup_class = setup_class


def later_action(function):
    """A function of a backend and of names, never of objects: those might be others after a snapshot."""
    ACTIONS[function.__name__] = function
    return function


def later(backend, seconds, action, *names):
    backend.__dict__.setdefault("due", []).append((time.time() + seconds, action.__name__, names))


def setup_class(self, request, *args, **kwargs):
    call.internal = request.headers.get("x-sandbox-internal") == "yes"
    with turn:
        settle()
    return set_up(self, request, *args, **kwargs)


def is_internal():
    """Whether AWS' own side of the sandbox makes this call, such as the simulated EKS."""
    return getattr(call, "internal", False)


def settle():
    now = time.time()
    for backends in (ec2_backends, efs_backends, elbv2_backends):
        for _account, _region, backend in list(backends.iter_backends()):
            waiting = backend.__dict__.get("due", [])
            overdue = [entry for entry in waiting if entry[0] <= now]
            if not overdue:
                continue
            backend.due = [entry for entry in waiting if entry[0] > now]
            for _at, action, names in overdue:
                ACTIONS[action](backend, *names)
