"""moto's server, whose memory can be kept in a file.

usage: moto-server.py MEMORY [arguments of moto_server]

It starts with what the file MEMORY holds, if there is one. SIGUSR1 makes it write the file and end. The caller sees to it
that no request is under way then.
"""

import importlib
import marshal
import os
import pickle
import signal
import sys
import threading
import types
import weakref

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
from moto.core.base_backend import BackendDict
from moto.server import main

from unkind import make_unkind

LOCKS = {type(threading.Lock()): threading.Lock, type(threading.RLock()): threading.RLock}
# Registries on classes of EC2, which find the backends of other accounts and regions.
REGISTRIES = ("vpc_refs", "vpc_pcx_refs", "backend_refs")


def places_of_backends():
    """Where in moto's modules each service's backends are, which are never replaced themselves."""
    return {
        id(value): (module.__name__, name)
        for module in list(sys.modules.values())
        if getattr(module, "__name__", "").startswith("moto.")
        for name, value in list(vars(module).items())
        if isinstance(value, BackendDict)
    }


def at_place(module, name):
    return getattr(importlib.import_module(module), name)


def make_function(code, module, name, defaults, cells):
    namespace = importlib.import_module(module).__dict__
    closure = tuple(types.CellType(value) for value in cells) or None
    return types.FunctionType(marshal.loads(code), namespace, name, defaults, closure)


def make_dict(kind):
    return kind.__new__(kind)


def fill_dict(made, state):
    items, factory, attributes = state
    if factory is not None:
        made.default_factory = factory
    made.__dict__.update(attributes)
    dict.update(made, items)


def load_private_key(pem):
    return serialization.load_pem_private_key(pem, None)


def load_public_key(pem):
    return serialization.load_pem_public_key(pem)


def load_certificate(pem):
    return x509.load_pem_x509_certificate(pem)


class MemoryPickler(pickle.Pickler):
    """Knows how to keep what pickle alone does not: locks, weak references, keys, and functions without a name."""

    def __init__(self, file):
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self.places = places_of_backends()

    def persistent_id(self, value):
        return self.places.get(id(value)) if isinstance(value, BackendDict) else None

    def reducer_override(self, value):
        if type(value) in LOCKS:
            return LOCKS[type(value)], ()
        if isinstance(value, dict) and type(value).__module__.startswith("moto."):
            # Past the methods of the class: some add to a list where they seem to set, or tell the last of a list only.
            state = (dict(dict.items(value)), getattr(value, "default_factory", None), vars(value))
            return make_dict, (type(value),), state, None, None, fill_dict
        if isinstance(value, weakref.ref):
            return weakref.ref, (value(),)
        if isinstance(value, PrivateKeyTypes):
            encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
            return load_private_key, (value.private_bytes(encoding, form, serialization.NoEncryption()),)
        if isinstance(value, PublicKeyTypes):
            form = serialization.PublicFormat.SubjectPublicKeyInfo
            return load_public_key, (value.public_bytes(serialization.Encoding.PEM, form),)
        if isinstance(value, x509.Certificate):
            return load_certificate, (value.public_bytes(serialization.Encoding.PEM),)
        if isinstance(value, types.GeneratorType):
            # The next page of a list that nobody read to its end.
            return iter, (list(value),)
        if isinstance(value, types.FunctionType) and "<" in value.__qualname__:
            cells = [cell.cell_contents for cell in value.__closure__ or ()]
            code = marshal.dumps(value.__code__)
            return make_function, (code, value.__module__, value.__name__, value.__defaults__, cells)
        return NotImplemented


class MemoryUnpickler(pickle.Unpickler):
    def persistent_load(self, place):
        return at_place(*place)


def write_memory(path):
    places = places_of_backends()
    memory = [(places[id(backends)], dict(backends)) for backends in BackendDict._instances]
    with open(f"{path}.new", "wb") as file:
        MemoryPickler(file).dump(memory)
    os.replace(f"{path}.new", path)


def read_memory(path):
    with open(path, "rb") as file:
        memory = MemoryUnpickler(file).load()
    for place, accounts in memory:
        backends = at_place(*place)
        backends.update(accounts)
        BackendDict._instances.append(backends)
        for _account, _region, backend in backends.iter_backends():
            register(backend)


def register(backend):
    for name in REGISTRIES:
        registry = getattr(type(backend), name, None)
        if registry is not None:
            registry[type(backend)].add(weakref.ref(backend))


def in_deep_thread(action):
    """Objects that lead to one another in long chains need more stack than a program has."""
    failures = []

    def run():
        try:
            action()
        except BaseException as error:
            failures.append(error)

    sys.setrecursionlimit(1_000_000)
    threading.stack_size(512 * 1024 * 1024)
    thread = threading.Thread(target=run)
    thread.start()
    threading.stack_size(0)
    thread.join()
    if failures:
        raise failures[0]


if __name__ == "__main__":
    _, memory_file, *arguments = sys.argv

    def keep(_signal, _frame):
        in_deep_thread(lambda: write_memory(memory_file))
        sys.exit(0)

    make_unkind()
    signal.signal(signal.SIGUSR1, keep)
    if os.path.exists(memory_file):
        in_deep_thread(lambda: read_memory(memory_file))
    main(arguments)
