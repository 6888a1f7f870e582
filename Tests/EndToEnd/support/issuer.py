"""Servers of the operator's own sign-in: an issuer that publishes its keys, and an endpoint that knows sessions."""
import base64
import json
import threading
import time
import urllib.parse
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from .waiting import DEADLINE


class LocalServer:
    """An HTTP server on loopback that counts what it is asked, and answers what the test sets."""

    def __init__(self):
        self.requests = []
        self._changed = threading.Condition()
        self._open = threading.Event()
        self._open.set()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                owner._serve(self, b"")

            def do_POST(self):
                owner._serve(self, self.rfile.read(int(self.headers.get("Content-Length", 0))))

            def log_message(self, *arguments):
                pass

        self._handler = Handler
        self._server = None
        self.port = 0
        self.start()

    def start(self):
        # The same port again after a stop: its address is in the daemon's settings.
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), self._handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def stop(self):
        """Nobody listens any more. Connections that are kept open would go on, so no answer keeps one."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    @contextmanager
    def silence(self):
        """For a while requests arrive, and are not answered."""
        self._open.clear()
        try:
            yield
        finally:
            self._open.set()

    @property
    def count(self):
        with self._changed:
            return len(self.requests)

    def wait_for_requests(self, count):
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.requests) >= count, DEADLINE), self.requests

    def _serve(self, handler, body):
        with self._changed:
            self.requests.append((handler.command, handler.path, dict(handler.headers), body))
            self._changed.notify_all()
        self._open.wait(DEADLINE)
        status, headers, answer = self.answer(handler, body)
        try:
            handler.send_response(status)
            for name, value in ({"Content-Length": str(len(answer)), "Connection": "close"} | headers).items():
                handler.send_header(name, value)
            handler.end_headers()
            handler.wfile.write(answer)
        except OSError:
            # The daemon did not wait for the end.
            pass
        handler.close_connection = True

    def answer(self, handler, body):
        raise NotImplementedError


class Key:
    """A key pair of the issuer's, with its public half as a JWK."""

    def __init__(self, identifier, algorithm="ES256"):
        self.id, self.algorithm = identifier, algorithm
        make = {
            "RS256": lambda: rsa.generate_private_key(65537, 2048),
            "PS256": lambda: rsa.generate_private_key(65537, 2048),
            "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
            "ES384": lambda: ec.generate_private_key(ec.SECP384R1()),
            "EdDSA": ed25519.Ed25519PrivateKey.generate,
        }
        self.private = make[algorithm]()

    @property
    def jwk(self):
        kind = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}[self.algorithm[:2]]
        converter = {"RSA": jwt.algorithms.RSAAlgorithm, "EC": jwt.algorithms.ECAlgorithm, "OKP": jwt.algorithms.OKPAlgorithm}
        key = converter[kind].to_jwk(self.private.public_key(), as_dict=True)
        return {name: value for name, value in key.items() if name != "key_ops"} | {"kid": self.id, "use": "sig"}

    def token(self, user, **changes):
        claims = {"sub": user.id, "exp": int(time.time()) + 600} | changes
        return jwt.encode(claims, self.private, self.algorithm, headers={"kid": self.id})


class Issuer(LocalServer):
    """Publishes a key set at /keys."""

    def __init__(self, *keys):
        self.status, self.headers = 200, {"Content-Type": "application/json"}
        self.body = b""
        self.publish(*keys)
        super().__init__()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/keys"

    def publish(self, *keys):
        self.body = json.dumps({"keys": [getattr(key, "jwk", key) for key in keys]}).encode()

    def answer(self, handler, body):
        return self.status, self.headers, self.body


class Introspection(LocalServer):
    """Knows opaque sessions, and the one client that may ask about them."""

    ID, SECRET = "portald:billing", "s3cret of+the/introspection client"

    def __init__(self):
        self.sessions = {}
        self.status = 200
        self.body = None
        super().__init__()

    @property
    def settings(self):
        return {
            "PORTALD_SESSION_INTROSPECTION_URL": f"http://127.0.0.1:{self.port}/o/introspect/",
            "PORTALD_SESSION_INTROSPECTION_CLIENT_ID": self.ID,
            "PORTALD_SESSION_INTROSPECTION_CLIENT_SECRET": self.SECRET,
        }

    def answer(self, handler, body):
        kind, _, credentials = handler.headers.get("Authorization", "").partition(" ")
        expected = f"{urllib.parse.quote_plus(self.ID)}:{urllib.parse.quote_plus(self.SECRET)}"
        if kind != "Basic" or base64.b64decode(credentials).decode() != expected:
            return 401, {}, b""
        form = urllib.parse.parse_qs(body.decode(), strict_parsing=True)
        assert form.keys() == {"token", "token_type_hint"} and handler.path == "/o/introspect/"
        answer = self.sessions.get(form["token"][0], {"active": False})
        return self.status, {"Content-Type": "application/json"}, self.body or json.dumps(answer).encode()
