"""What happens to an account: random changes of customers and subscriptions, the same for the same seed."""
import random

from .account import Account
from .programs import Sandbox
from .users import User


class Subscription:
    def __init__(self, created, customer):
        self.id = created.id
        self.item = created["items"]["data"][0]["id"]
        self.further_item = None
        self.customer = customer
        self.is_ended = False


class History:
    """Changes drawn from few values each, so that objects often return to an earlier state."""

    def __init__(self, sandbox, seed, *, customers, subscriptions, has_unrequested_changes=True):
        self._sandbox = sandbox
        self._account = Account(sandbox)
        self._random = random.Random(seed)
        self.customers = [self._account.add_customer(User(), name="Ada") for _ in range(customers)]
        self._living = list(self.customers)
        self.subscriptions = []
        for _ in range(subscriptions):
            customer = self._random.choice(self.customers)
            parameters = {"customer": customer, "items": [{"price": Sandbox.BASIC}]}
            self.subscriptions.append(Subscription(self._account.subscriptions.create(parameters), customer))
        self._changes = [self._label, self._schedule, self._pause, self._resize, self._swap_price, self._extend]
        if has_unrequested_changes:
            self._changes.append(self._miss_payment)

    @property
    def objects(self):
        return self.customers + [subscription.id for subscription in self.subscriptions]

    def go_on(self, steps):
        """Changes so many objects, each up to four times in a row."""
        for _ in range(steps):
            change = self._draw()
            for _ in range(self._random.randint(1, 4)):
                change()
            self._end_something()

    def touch_everything(self):
        """Changes every object that still can be changed."""
        for customer in self._living:
            self._account.customers.update(customer, {"metadata": {"touched": "yes"}})
        for subscription in self.subscriptions:
            self._update(subscription, metadata={"touched": "yes"})

    def _draw(self):
        if self._living and self._random.random() < 0.4:
            customer = self._random.choice(self._living)
            return lambda: self._random.choice([self._rename, self._rate])(customer)
        subscription = self._random.choice(self.subscriptions)
        if subscription.is_ended:
            # Of an ended subscription only the metadata may change.
            return lambda: self._label(subscription)
        return lambda: self._random.choice(self._changes)(subscription)

    def _end_something(self):
        if self._random.random() < 0.04:
            subscription = self._random.choice(self.subscriptions)
            if not subscription.is_ended:
                subscription.is_ended = True
                self._account.subscriptions.cancel(subscription.id)
        if self._living and self._random.random() < 0.02:
            customer = self._living.pop(self._random.randrange(len(self._living)))
            self._account.customers.delete(customer)
            for subscription in self.subscriptions:
                subscription.is_ended = subscription.is_ended or subscription.customer == customer

    # Customers.

    def _rename(self, customer):
        self._account.customers.update(customer, {"name": self._random.choice(["Ada", "Grace", "Edsger"])})

    def _rate(self, customer):
        self._account.customers.update(customer, {"metadata": {"tier": self._random.choice(["gold", "silver", ""])}})

    # Subscriptions.

    def _update(self, subscription, **parameters):
        return self._account.subscriptions.update(subscription.id, parameters)

    def _label(self, subscription):
        self._update(subscription, metadata={"label": self._random.choice(["blue", "green", ""])})

    def _schedule(self, subscription):
        self._update(subscription, cancel_at_period_end=self._random.random() < 0.5)

    def _pause(self, subscription):
        self._update(subscription, pause_collection=self._random.choice(["", {"behavior": "void"}]))

    def _resize(self, subscription):
        self._update(subscription, items=[{"id": subscription.item, "quantity": self._random.randint(1, 3)}])

    def _swap_price(self, subscription):
        price = self._random.choice([Sandbox.BASIC, Sandbox.TEAM])
        self._update(subscription, items=[{"id": subscription.item, "price": price}])

    def _extend(self, subscription):
        if subscription.further_item is None:
            changed = self._update(subscription, items=[{"price": Sandbox.BASIC}])
            subscription.further_item = changed["items"]["data"][-1]["id"]
        else:
            self._update(subscription, items=[{"id": subscription.further_item, "deleted": True}])
            subscription.further_item = None

    def _miss_payment(self, subscription):
        """Nobody's request: the event names none."""
        status = self._random.choice(["active", "past_due"])
        self._sandbox.control(f"/subscriptions/{subscription.id}/status", status=status)
