"""systemd's side of the notification protocol."""
import socket

from .waiting import DEADLINE


class Receiver:
    """The socket at which systemd would listen for what the service says of itself."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.settimeout(DEADLINE)

    def next(self):
        return self.socket.recv(4096).decode().split("\n")

    def wait_for(self, wanted):
        """All that was said up to a line that begins so."""
        said = []
        while not any(line.startswith(wanted) for line in said):
            said += self.next()
        return said
