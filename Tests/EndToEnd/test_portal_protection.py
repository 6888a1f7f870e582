"""What keeps Stripe from needless calls: shared clicks, a limit for each user, a breaker; and what a refusal teaches."""
import threading

import pytest
import requests

from support.account import Account
from support.mirror import Mirror
from support.settings import FRONTEND
from support.users import User, bearer
from support.waiting import DEADLINE, eventually

PORTAL = "/api/subscriptions/user/billing-portal/"
SUBSCRIPTIONS = "/api/subscriptions/user/"
PROBE = "GET /v1/customers"


class World:
    def __init__(self, launch, **settings):
        self.sandbox, self.daemon = launch.pair(**({"PORTALD_PORTAL_RATE": "10000/1s"} | settings))
        self.account = Account(self.sandbox)
        self.user = User()
        self.customer = self.account.add_customer(self.user)
        self.subscription = self.account.subscribe(self.customer)
        self.sandbox.wait_until_settled()

    def click(self, user=None, **body):
        options = {"json": body} if body else {}
        headers = bearer((user or self.user).token())
        return requests.post(self.daemon.url + PORTAL, headers=headers, timeout=DEADLINE, **options)

    def at_once(self, *clicks):
        """The responses to clicks that are all made before Stripe answers the first."""
        before = self.sandbox.portal_calls()
        self.sandbox.trouble_portal("hold", milliseconds=5_000, next=100)
        responses = {}
        barrier = threading.Barrier(len(clicks))

        def run(number, click):
            barrier.wait(DEADLINE)
            responses[number] = click()

        threads = [threading.Thread(target=run, args=each) for each in enumerate(clicks)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(DEADLINE)
        self.sandbox.control("/faults", "DELETE")
        return [responses[number] for number in range(len(clicks))], self.sandbox.portal_calls() - before


@pytest.fixture
def world(launch):
    return World(launch)


def test_a_double_click_is_one_call(world):
    responses, calls = world.at_once(*[world.click] * 4)
    assert [response.status_code for response in responses] == [200] * 4
    assert len({response.json()["portal_url"] for response in responses}) == 1
    assert calls == 1
    # Nothing is kept: the next click has a session of its own.
    assert world.click().json()["portal_url"] != responses[0].json()["portal_url"]


def test_different_clicks_are_calls_of_their_own(world):
    other = User()
    world.account.add_subscriber(other)
    world.sandbox.wait_until_settled()
    responses, calls = world.at_once(
        world.click,
        lambda: world.click(flow="subscription_cancel"),
        lambda: world.click(locale="de"),
        lambda: world.click(other),
    )
    assert [response.status_code for response in responses] == [200] * 4
    assert len({response.json()["portal_url"] for response in responses}) == 4
    assert calls == 4


def test_a_failure_is_shared(world):
    world.sandbox.trouble_portal("status", status=400, next=100)
    responses, calls = world.at_once(world.click, world.click)
    assert [response.json()["code"] for response in responses] == ["stripe_error"] * 2
    assert calls == 1


def test_a_user_who_clicks_too_often(launch):
    world = World(launch, PORTALD_PORTAL_RATE="6/3600s")
    assert [world.click().status_code for _ in range(5)] == [200] * 3 + [429] * 2
    wait = int(world.click().headers["Retry-After"])
    assert 1 <= wait <= 600
    assert world.sandbox.portal_calls() == 3
    # Another user is not to blame, and looking is free.
    assert world.click(User()).status_code == 404
    for _ in range(10):
        headers = bearer(world.user.token())
        assert requests.get(world.daemon.url + SUBSCRIPTIONS, headers=headers, timeout=DEADLINE).status_code == 200


def test_stripe_goes_away_and_comes_back(world):
    world.sandbox.control("/faults/api", path="/v1/*", effect="status", status=500, fraction=1)
    for _ in range(5):
        response = world.click()
        assert (response.status_code, response.headers["Retry-After"]) == (503, "30")
    world.daemon.wait_for_log("Stripe does not answer")
    calls = world.sandbox.portal_calls()
    for _ in range(10):
        response = world.click()
        assert (response.status_code, response.json()["code"]) == (503, "stripe_unavailable")
        assert 1 <= int(response.headers["Retry-After"]) <= 30
    assert world.sandbox.portal_calls() == calls
    # It is probed without a click, again and again.
    probes = world.sandbox.calls().get(PROBE, 0)
    eventually(lambda: world.sandbox.calls().get(PROBE, 0) >= probes + 2)
    assert "Stripe answers again" not in world.daemon.log

    world.sandbox.control("/faults", "DELETE")
    world.daemon.wait_for_log("Stripe answers again")
    assert world.sandbox.portal_calls() == calls
    assert world.click().status_code == 200
    assert world.daemon.log.count("Stripe does not answer") == world.daemon.log.count("Stripe answers again") == 1


def test_a_customer_that_stripe_does_not_know_any_more(world):
    """No webhook told that the customer is gone; the first click finds out."""
    world.sandbox.control("/faults/events", effect="drop", fraction=1)
    world.account.customers.delete(world.customer)
    response = world.click()
    assert (response.status_code, response.json()["code"]) == (502, "stripe_error")
    world.daemon.wait_for_log(rf"{world.customer} is read anew")
    mirror = Mirror(world.daemon.database)
    eventually(lambda: mirror.row("customers", world.customer)["deleted"])
    assert world.click().status_code == 404
    assert world.sandbox.calls()["GET /v1/customers/:id"] == 1


def test_a_flow_ends_where_it_was_to_end(world):
    """The whole way of a cancellation: the portal's one page, back to the frontend, and the mirror has it."""
    response = world.click(flow="subscription_cancel", return_path="/account?from=portal")
    url = response.json()["portal_url"]
    page = requests.get(url, timeout=DEADLINE)
    assert "Cancel your subscription" in page.text
    form = {"subscription": world.subscription}
    done = requests.post(f"{url}/cancel", data=form, allow_redirects=False, timeout=DEADLINE)
    assert (done.status_code, done.headers["Location"]) == (303, f"{FRONTEND}/account?from=portal")
    world.sandbox.wait_until_settled()
    headers = bearer(world.user.token())
    (shown,) = requests.get(world.daemon.url + SUBSCRIPTIONS, headers=headers, timeout=DEADLINE).json()["subscriptions"]
    assert shown["cancel_at"] == shown["current_period_end"]


def test_a_confirmed_change_reaches_the_mirror(world):
    response = world.click(flow="subscription_update_confirm", price=world.sandbox.TEAM, quantity=3)
    url = response.json()["portal_url"]
    form = {"subscription": world.subscription}
    done = requests.post(f"{url}/confirm", data=form, allow_redirects=False, timeout=DEADLINE)
    assert (done.status_code, done.headers["Location"]) == (303, f"{FRONTEND}/billing")
    world.sandbox.wait_until_settled()
    headers = bearer(world.user.token())
    (shown,) = requests.get(world.daemon.url + SUBSCRIPTIONS, headers=headers, timeout=DEADLINE).json()["subscriptions"]
    assert [(item["price"], item["quantity"]) for item in shown["items"]] == [(world.sandbox.TEAM, 3)]
