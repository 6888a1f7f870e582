"""Users of the operator's application, with the tokens that its login gives them."""
import itertools
import time

import jwt

from .confidential import confidential
from .settings import JWT_SECRET

_numbers = itertools.count(1)


class User:
    def __init__(self, identifier=None):
        self.id = identifier or f"user-{next(_numbers)}"

    @property
    def email(self):
        return f"{self.id}@customers.example"

    def token(self, secret=JWT_SECRET, algorithm="HS256", **claims):
        claims = {"sub": self.id, "exp": int(time.time()) + 600} | claims
        return confidential.note("a token", jwt.encode(claims, secret, algorithm))


def bearer(token):
    return {"Authorization": f"Bearer {token}"}
