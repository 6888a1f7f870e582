"""What machines with portald reach over the network: Stripe, for which the sandbox stands in, and a server with SSH."""
import json
import shlex

from service import BASIC
from support.settings import STRIPE_SECRET_KEY, WEBHOOK_SECRET
from support.waiting import eventually

# What Stripe sends webhooks to, and users click on.
NAME = "billing.example.com"
REPLICA = "/srv/portald"
FORWARD = """\
[Socket]
ListenStream=127.0.0.1:12111

[Install]
WantedBy=sockets.target
"""


class Elsewhere:
    def __init__(self, machine, address):
        self._machine = machine
        self.address = address
        machine.run(f"useradd --create-home --home-dir {REPLICA} --password '*' portald")
        machine.run(
            f"systemd-run --quiet --unit=stripe portald sandbox --listen 0.0.0.0:12111 --secret-key {STRIPE_SECRET_KEY}"
            f" --webhook-secret {WEBHOOK_SECRET} --forward-to http://{NAME}/webhooks/stripe"
        )
        eventually(lambda: machine.try_to(self._request("customers")).returncode == 0)

    def let_in(self, public_key):
        """Takes a key that the replica is reached with."""
        self._machine.run(f"install --directory --owner=portald --mode=700 {REPLICA}/.ssh")
        self._machine.write(f"{REPLICA}/.ssh/authorized_keys", public_key + "\n")

    def forward_stripe(self, machine):
        """Has a machine reach Stripe at an address of its own: portald calls no other without TLS."""
        machine.write("/etc/systemd/system/stripe.socket", FORWARD)
        proxy = f"[Service]\nExecStart=/lib/systemd/systemd-socket-proxyd {self.address}:12111\n"
        machine.write("/etc/systemd/system/stripe.service", proxy)
        machine.run("systemctl enable --now --quiet stripe.socket")

    def point_name_at(self, address):
        """Moves the name that Stripe sends webhooks to."""
        self._machine.run(f"echo 127.0.0.1 localhost >/etc/hosts; echo {address} {NAME} >>/etc/hosts")

    def add_subscriber(self, user):
        """A customer of the user's with a subscription, which Stripe tells of by webhooks; returns the customer's id."""
        customer = self._post("customers", f"metadata[user_id]={user.id}")["id"]
        self._post("subscriptions", f"customer={customer}", f"items[0][price]={BASIC}")
        return customer

    def _post(self, path, *fields):
        return json.loads(self._machine.run(self._request(path, *fields)))

    @staticmethod
    def _request(path, *fields):
        data = " ".join(f"--data {shlex.quote(field)}" for field in fields)
        return f"curl --silent --fail-with-body --user {STRIPE_SECRET_KEY}: {data} http://127.0.0.1:12111/v1/{path}"
