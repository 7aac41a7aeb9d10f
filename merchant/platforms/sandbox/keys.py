"""RSA keys of the sandbox, made from a fixed seed: the same in every process, kept in no file, secret to nobody."""

import random
from functools import cache

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

_PRIME_BITS = 1024
_EXPONENT = 65537


@cache
def private_key(owner: str) -> rsa.RSAPrivateKey:
    """The 2,048 bit key of `owner` ("merchant" or "platform")."""
    source = random.Random(f"huicang sandbox, not a secret: {owner}")
    p, q = sorted((_prime(source), _prime(source)), reverse=True)
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


@cache
def _small_primes() -> tuple[int, ...]:
    sieve = bytearray([1]) * 8000
    for n in range(2, 90):
        if sieve[n]:
            sieve[n * n :: n] = bytes(len(sieve[n * n :: n]))
    return tuple(n for n in range(3, 8000) if sieve[n])


def _prime(source: random.Random) -> int:
    # The two highest bits are set, so that the product of two has all its 2,048 bits.
    candidate = source.getrandbits(_PRIME_BITS) | (0b11 << (_PRIME_BITS - 2)) | 1
    while not _is_prime(candidate):
        candidate += 2
    return candidate


def _is_prime(n: int) -> bool:
    if any(n % small == 0 for small in _small_primes()) or (n - 1) % _EXPONENT == 0:
        return False
    odd, twos = n - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for base in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37):
        x = pow(base, odd, n)
        if x in (1, n - 1):
            continue
        for _ in range(twos - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True
