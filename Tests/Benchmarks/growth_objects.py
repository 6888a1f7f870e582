"""The customers and subscriptions of a made-up account: each follows from its number, so none has to be remembered."""
import hashlib
import itertools
import json

MONTH = 30 * 86_400
PERIOD_START = 1_795_000_000
NEWEST = 1_794_900_000
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
TRIPLES = ["".join(letters) for letters in itertools.product(DIGITS, repeat=3)]
PAIRS = ["".join(letters) for letters in itertools.product(DIGITS, repeat=2)]


def identifier(prefix, number, of):
    """Looks like Stripe's, and sorts by its number: they too begin with what grows in time."""
    space = 62**8 // of
    mixed = (number * 0x9E3779B97F4A7C15 + 0x1234567) & (1 << 64) - 1
    mixed ^= mixed >> 29
    high, low = divmod(number * space + mixed % space, 62**5)
    triple, pair = divmod(low, 62**2)
    rest = mixed * 0xBF58476D1CE4E5B9 >> 11
    return prefix + TRIPLES[high] + TRIPLES[triple] + PAIRS[pair] + TRIPLES[rest % 238328] + TRIPLES[rest // 238328 % 238328]


def user(number):
    return f"user-{number:08}"


def text(stripe_object):
    """The canonical spelling: no null in it, names in order."""
    return json.dumps(stripe_object, sort_keys=True, separators=(",", ":"))


def template(stripe_object):
    """The text of an object to be filled in with `%`; `#…#` stands for a number."""
    return text(stripe_object).replace('"#', "").replace('#"', "")


# Without the members that are null, which do not count; Stripe's answers have some 250 bytes of them.
CUSTOMER = template({
    "balance": 0,
    "created": "#%(created)d#",
    "currency": "usd",
    "delinquent": False,
    "email": "%(user)s@customers.example",
    "id": "%(id)s",
    "invoice_prefix": "P%(number)07d",
    "invoice_settings": {},
    "livemode": False,
    "metadata": {"plan_seen": "2026-11", "user_id": "%(user)s"},
    "name": "Customer Number %(number)d",
    "next_invoice_sequence": 7,
    "object": "customer",
    "preferred_locales": ["en"],
    "tax_exempt": "none",
})  # fmt: skip
PRICE = {
    "active": True,
    "currency": "usd",
    "id": "price_1SandboxBasicMonthly0001",
    "livemode": False,
    "object": "price",
    "product": "prod_TdQyKUQPbSLmGd",
    "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"},
    "type": "recurring",
    "unit_amount": 1000,
}
ITEM = {
    "created": "#%(created)d#",
    "current_period_end": "#%(end)d#",
    "current_period_start": "#%(start)d#",
    "id": "%(item)s",
    "object": "subscription_item",
    "price": PRICE,
    "quantity": "#%(quantity)d#",
}
# As short as one of an account with plain prices can be; Stripe's repeat the price as a plan, twice.
ACTIVE = {
    "billing_cycle_anchor": "#%(created)d#",
    "cancel_at_period_end": False,
    "collection_method": "charge_automatically",
    "created": "#%(created)d#",
    "currency": "usd",
    "customer": "%(customer)s",
    "id": "%(id)s",
    "items": {"data": [ITEM], "has_more": False, "object": "list", "url": "/v1/subscription_items"},
    "latest_invoice": "%(invoice)s",
    "livemode": False,
    "metadata": {},
    "object": "subscription",
    "start_date": "#%(created)d#",
    "status": "active",
}
CANCELED = ACTIVE | {"status": "canceled", "canceled_at": "#%(canceled)d#", "ended_at": "#%(canceled)d#"}
SUBSCRIPTION = {"active": template(ACTIVE), "canceled": template(CANCELED)}


class Account:
    """Customers, and subscriptions that are theirs in turns; one in eight has ended."""

    def __init__(self, customers, subscriptions):
        self.customers, self.subscriptions = customers, subscriptions

    def customer_id(self, number):
        return identifier("cus_", number, self.customers)

    def customer_row(self, number):
        values = {"id": self.customer_id(number), "number": number, "user": user(number), "created": NEWEST - number}
        body = CUSTOMER % values
        email, name = f"{values['user']}@customers.example", f"Customer Number {number}"
        return values["id"], email, name, values["created"], body, hashlib.sha256(body.encode()).digest()

    def subscription_row(self, number):
        status = "canceled" if number % 8 == 7 else "active"
        start = PERIOD_START + number % MONTH
        canceled = start + 5 if status == "canceled" else None
        values = {
            "id": identifier("sub_1", number, self.subscriptions),
            "customer": self.customer_id(number * self.customers // self.subscriptions),
            "item": identifier("si_", number, self.subscriptions),
            "invoice": identifier("in_1", number, self.subscriptions),
            "created": NEWEST - number,
            "start": start,
            "end": start + MONTH,
            "quantity": number % 5 + 1,
            "canceled": canceled,
        }
        body = SUBSCRIPTION[status] % values
        return (
            values["id"], values["customer"], status, start, start + MONTH, canceled, canceled, values["created"], body,
            hashlib.sha256(body.encode()).digest(),
        )  # fmt: skip

    def is_entitled(self, customer):
        """Whether the first of the customer's subscriptions is active."""
        return -(-customer * self.subscriptions // self.customers) % 8 != 7

    def customer(self, number):
        return json.loads(self.customer_row(number)[4])

    def subscription(self, number):
        return json.loads(self.subscription_row(number)[8])
