"""When two objects of Stripe's are the same state: the order of names, and null against absent, make no difference."""
import json

# Of a customer these come on request only, or show other objects' state.
UNCOUNTED = {"cash_balance", "invoice_credit_balance", "sources", "subscriptions", "tax", "tax_ids"}


def canonical(stripe_object):
    if stripe_object["object"] == "customer":
        stripe_object = {name: value for name, value in stripe_object.items() if name not in UNCOUNTED}
    return json.dumps(without_nulls(stripe_object), sort_keys=True)


def without_nulls(value):
    if isinstance(value, dict):
        return {name: without_nulls(member) for name, member in value.items() if member is not None}
    if isinstance(value, list):
        return [without_nulls(member) for member in value]
    return value
