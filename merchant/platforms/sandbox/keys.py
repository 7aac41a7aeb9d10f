"""RSA keys of the sandbox, made from a fixed seed: the same in every process, kept in no file, secret to nobody."""

import random
from functools import cache

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

_PRIME_BITS = 1024
_EXPONENT = 65537
# From each number that the seed gives to the next prime: searching for it takes a second, this takes none.
_STEPS = {"merchant": (2974, 350), "platform": (636, 436)}


@cache
def private_key(owner: str) -> rsa.RSAPrivateKey:
    """The 2,048 bit key of `owner` ("merchant" or "platform")."""
    source = random.Random(f"huicang sandbox, not a secret: {owner}")
    p, q = sorted((_prime(source, step) for step in _STEPS[owner]), reverse=True)
    d = pow(_EXPONENT, -1, (p - 1) * (q - 1))
    numbers = rsa.RSAPrivateNumbers(
        p=p,
        q=q,
        d=d,
        dmp1=d % (p - 1),
        dmq1=d % (q - 1),
        iqmp=pow(q, -1, p),
        public_numbers=rsa.RSAPublicNumbers(_EXPONENT, p * q),
    )
    return numbers.private_key()


@cache
def private_pem(owner: str) -> str:
    """The key as PKCS#8 text."""
    return (
        private_key(owner)
        .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        .decode()
    )


@cache
def public_pem(owner: str) -> str:
    """The public half as text."""
    return (
        private_key(owner)
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def _prime(source: random.Random, step: int) -> int:
    # The two highest bits are set, so that the product of two has all its 2,048 bits.
    return (source.getrandbits(_PRIME_BITS) | (0b11 << (_PRIME_BITS - 2)) | 1) + step
