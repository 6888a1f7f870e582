"""Addresses for programs that cannot choose their own."""
import random
import socket

# Below those that the kernel gives to outgoing connections, of which there are many while tests run.
PORTS = range(20_000, 32_000)


def free_address():
    """A host and port that nobody listens on."""
    while True:
        address = "127.0.0.1", random.choice(PORTS)
        try:
            with socket.create_server(address):
                return "{}:{}".format(*address)
        except OSError:
            continue
