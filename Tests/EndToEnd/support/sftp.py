"""A server with SSH on this machine, as an operator may have for a replica: OpenSSH's own, without root's rights."""
import getpass
import os
import shutil
import subprocess
from pathlib import Path

from .addresses import free_address

# Debian has it where only root looks.
SEARCHED = os.environ["PATH"] + ":/usr/sbin"
CONFIGURATION = """\
ListenAddress {address}
HostKey {directory}/host_key
AuthorizedKeysFile {directory}/user_key.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
Subsystem sftp internal-sftp
LogLevel ERROR
"""


class SFTPServer:
    """Hands out the machine's files to whoever has the key."""

    def __init__(self, launch):
        directory = launch.directory()
        program = shutil.which("sshd", path=SEARCHED)
        assert program, "there is no sshd: apt-get install openssh-server"
        if os.geteuid() == 0:
            # Where it locks up its helper; the system makes it when it starts the service.
            Path("/run/sshd").mkdir(exist_ok=True)
        self.address = free_address()
        self.user = getpass.getuser()
        self.key = directory / "user_key"
        for name in ["host_key", "user_key"]:
            command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(directory / name)]
            subprocess.run(command, check=True)
        configuration = directory / "sshd_config"
        configuration.write_text(CONFIGURATION.format(address=self.address, directory=directory))
        # With -D it stays in the foreground, with -e it logs to where the launcher reads.
        self.program = launch.command(program, "-D", "-e", "-f", configuration)

    @property
    def host_key(self):
        return (self.key.parent / "host_key.pub").read_text().rsplit(" ", 1)[0]
