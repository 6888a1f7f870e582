"""Signatures made by the official SDK."""
import time

from stripe import WebhookSignature

from .confidential import confidential


def sign(body, secret, timestamp=None):
    """A Stripe-Signature header for a body of text or bytes."""
    text = body.decode() if isinstance(body, bytes) else body
    confidential.note("a secret", secret)
    return WebhookSignature.generate_signature_header(text, secret, timestamp or int(time.time()))
