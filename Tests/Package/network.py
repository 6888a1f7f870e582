"""A network that nobody else is on: what is in one machine's network namespace reaches what is in another's."""
import subprocess


class Network:
    """A switch with sockets for machines. It is gone with the processes that hold it, and they end with the test run.

    https://man7.org/linux/man-pages/man7/network_namespaces.7.html
    """

    def __init__(self):
        self._holders = []
        self._switch = self._hold()
        self._run(self._switch, "link", "add", "switch", "type", "bridge")
        self._run(self._switch, "link", "set", "switch", "up")

    def socket(self, address):
        """A namespace for one machine, as a path; it stays while the machine is off."""
        namespace = self._hold()
        port = f"port{len(self._holders)}"
        self._run(self._switch, "link", "add", port, "type", "veth", "peer", "name", "host0", "netns", str(namespace))
        self._run(self._switch, "link", "set", port, "master", "switch", "up")
        self._run(namespace, "address", "add", f"{address}/24", "dev", "host0")
        for interface in ["lo", "host0"]:
            self._run(namespace, "link", "set", interface, "up")
        return f"/proc/{namespace}/ns/net"

    def remove(self):
        for holder in self._holders:
            holder.kill()
            holder.wait()

    def _hold(self):
        command = ["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "sh", "-c", "echo; exec sleep infinity"]
        holder = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self._holders.append(holder)
        assert holder.stdout.readline(), "a network namespace takes root"
        holder.stdout.close()
        return holder.pid

    @staticmethod
    def _run(namespace, *arguments):
        subprocess.run(["nsenter", f"--net=/proc/{namespace}/ns/net", "ip", *arguments], check=True)
