"""The shortest way through everything; what a release binary must pass."""
import pytest
import requests

from support.account import Account
from support.mirror import Mirror
from support.users import User, bearer
from support.waiting import DEADLINE

pytestmark = pytest.mark.smoke


def test_from_a_delivery_to_the_portal(launch):
    sandbox, daemon = launch.pair()
    user = User()
    customer = Account(sandbox).add_subscriber(user)
    sandbox.wait_until_settled()

    mirror = Mirror(daemon.database)
    mirror.check_shows(sandbox.get(f"/v1/customers/{customer}"), confirmed=True)
    (subscription,) = sandbox.get("/v1/subscriptions", customer=customer)["data"]
    mirror.check_shows(subscription, confirmed=True)

    portal = f"{daemon.url}/api/subscriptions/user/billing-portal/"
    response = requests.post(portal, headers=bearer(user.token()), timeout=DEADLINE)
    assert response.status_code == 200, response.text
    assert response.json()["portal_url"].startswith(f"{sandbox.url}/p/session/")
    assert requests.post(portal, headers=bearer(User().token()), timeout=DEADLINE).status_code == 404

    assert daemon.stop() == 0
    assert sandbox.stop() == 0
