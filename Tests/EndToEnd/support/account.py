"""The account in the sandbox, changed with the official SDK as an operator's own server changes it."""
import stripe

from .programs import Sandbox
from .settings import STRIPE_SECRET_KEY


class Account:
    def __init__(self, sandbox):
        client = stripe.StripeClient(STRIPE_SECRET_KEY, base_addresses={"api": sandbox.url}, max_network_retries=0)
        self.customers = client.v1.customers
        self.subscriptions = client.v1.subscriptions

    def add_customer(self, user=None, **parameters):
        if user is not None:
            parameters |= {"email": user.email, "metadata": {"user_id": user.id}}
        return self.customers.create(parameters).id

    def subscribe(self, customer, **parameters):
        return self.subscriptions.create(
            {"customer": customer, "items": [{"price": Sandbox.BASIC}]} | parameters
        ).id

    def add_subscriber(self, user):
        """A customer of this user with an active subscription."""
        customer = self.add_customer(user)
        self.subscribe(customer)
        return customer
