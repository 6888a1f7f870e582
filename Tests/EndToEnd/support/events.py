"""Events as Stripe renders them, for tests that need many or special ones."""
import itertools
import json
import time

_numbers = itertools.count(1)


def event(event_type, stripe_object, previous=None, **changes):
    """An event about an object, with an id and a request of its own."""
    number = next(_numbers)
    data = {"object": stripe_object}
    if previous is not None:
        data["previous_attributes"] = previous
    return {
        "id": f"evt_1EndToEnd{number:08}",
        "object": "event",
        "api_version": "2026-03-25.dahlia",
        "created": int(time.time()),
        "data": data,
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": f"req_EndToEnd{number:08}", "idempotency_key": None},
        "type": event_type,
    } | changes


def customer(identifier, **changes):
    return {
        "id": identifier,
        "object": "customer",
        "created": 1_700_000_000,
        "email": f"{identifier}@customers.example",
        "livemode": False,
        "metadata": {},
        "name": "A Customer",
    } | changes


def subscription(identifier, owner, **changes):
    price = {"id": "price_basic", "object": "price", "product": "prod_basic"}
    item = {
        "id": f"si_{identifier}",
        "object": "subscription_item",
        "current_period_end": 1_790_000_000,
        "current_period_start": 1_787_000_000,
        "price": price,
        "quantity": 2,
    }
    return {
        "id": identifier,
        "object": "subscription",
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "created": 1_700_000_100,
        "customer": owner,
        "ended_at": None,
        "items": {"object": "list", "data": [item], "has_more": False, "url": "/v1/subscription_items"},
        "livemode": False,
        "metadata": {},
        "status": "active",
        "trial_end": None,
    } | changes


def text(document):
    return json.dumps(document)
