"""The installed service, set up as the README.Debian says, with the sandbox in Stripe's place."""
import json

from support.settings import JWT_SECRET, STRIPE_SECRET_KEY, WEBHOOK_SECRET
from support.users import User, bearer
from support.waiting import eventually

CREDENTIALS = "/etc/portald/credentials"
STRIPE = "http://127.0.0.1:12111"
DATABASE = "/var/lib/portald/portald.db"
BASIC = "price_1SandboxBasicMonthly0001"


def configure(machine):
    machine.run("echo FRONTEND_URL=http://localhost:3000 >>/etc/portald/portald.env")
    machine.run(f"echo STRIPE_API_BASE={STRIPE} >>/etc/portald/portald.env")
    secrets = {
        "STRIPE_SECRET_KEY": STRIPE_SECRET_KEY,
        "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "PORTALD_JWT_SECRET": JWT_SECRET,
    }
    for name, secret in secrets.items():
        machine.write(f"{CREDENTIALS}/{name}", secret + "\n")


def start(machine):
    """Starts the sandbox and the service, as they start at boot."""
    configure(machine)
    machine.run(
        f"systemd-run --quiet --unit=stripe portald sandbox --secret-key {STRIPE_SECRET_KEY}"
        f" --webhook-secret {WEBHOOK_SECRET} --forward-to http://127.0.0.1:8080/webhooks/stripe"
    )
    eventually(lambda: machine.try_to(f"curl --silent --fail -u {STRIPE_SECRET_KEY}: {STRIPE}/v1/customers").returncode == 0)
    machine.run("systemctl enable --now --quiet portald")
    wait_until_ready(machine)


def wait_until_ready(machine):
    eventually(lambda: machine.try_to("curl --silent --fail http://127.0.0.1:9464/readyz").returncode == 0)


def subscribe(machine, user):
    """Has Stripe deliver a new customer of the user's, and a subscription; waits until the mirror shows it."""
    post = f"curl --silent --fail-with-body -u {STRIPE_SECRET_KEY}: {STRIPE}/v1"
    customer = json.loads(machine.run(f"{post}/customers -d 'metadata[user_id]={user.id}'"))["id"]
    machine.run(f"{post}/subscriptions -d customer={customer} -d 'items[0][price]={BASIC}'")
    eventually(lambda: customer in active_customers(machine))


def active_customers(machine):
    return machine.run(f"sqlite3 -readonly {DATABASE} 'SELECT customer FROM active_subscriptions'").split()


def portal_status(machine, user, base="http://127.0.0.1:8080", options=""):
    """The status code of the user's request for the billing portal."""
    authorization = bearer(user.token())["Authorization"]
    return machine.run(
        f"curl --silent {options} --output /dev/null --write-out '%{{http_code}}' --request POST"
        f" --header 'Authorization: {authorization}' {base}/api/subscriptions/user/billing-portal/"
    )
