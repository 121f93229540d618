"""The platform's side of the cryptography against published vectors (platform supplement S1)."""

import base64
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from bot.sandbox.crypto import Seal, Unreadable
from tests.sandbox.town import CORP, KEY

VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text())
SEAL = Seal(token="token", aes_key=KEY, receiver=CORP)


def seal_of(vector):
    return Seal(token=vector["token"], aes_key=vector["encoding_aes_key"], receiver=vector["receiveid"])


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_every_published_vector_opens_and_its_signature_holds(vector):
    opened = seal_of(vector).open_signed(
        signature=vector["msg_signature"],
        timestamp=vector["timestamp"],
        nonce=vector["nonce"],
        encrypted=vector["encrypt"],
    )

    assert opened == vector["plaintext"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_every_published_vector_is_made_again_byte_for_byte(vector):
    sealed = seal_of(vector).close(vector["plaintext"], random16=vector["random16"].encode())

    assert sealed == vector["encrypt"]


def sealed_by_hand(plain: bytes, block: int) -> str:
    key = base64.b64decode(KEY + "=")
    missing = block - len(plain) % block
    encryptor = Cipher(AES(key), CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(plain + bytes([missing]) * missing) + encryptor.finalize()).decode()


def test_padding_to_the_cipher_s_own_16_bytes_is_refused():
    plain = b"r" * 16 + (2).to_bytes(4, "big") + b"hi" + CORP.encode()
    assert len(plain) // 16 % 2 == 0, "else both paddings are one"

    with pytest.raises(Unreadable, match="32"):
        SEAL.open(sealed_by_hand(plain, 16))
    assert SEAL.open(sealed_by_hand(plain, 32)) == "hi"


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ("not base64!", "base64"),
        ("", "32"),
        (sealed_by_hand(b"r" * 16 + (999).to_bytes(4, "big") + b"hi", 32), "length"),
        (sealed_by_hand(b"r" * 16 + (2).to_bytes(4, "big") + b"hiww-other", 32), "receiver"),
        (sealed_by_hand(b"short", 32), "short"),
        (sealed_by_hand(b"r" * 16 + (2).to_bytes(4, "big") + b"\xff\xfe" + CORP.encode(), 32), "UTF-8"),
    ],
)
def test_what_is_broken_is_named(broken, why):
    with pytest.raises(Unreadable, match=why):
        SEAL.open(broken)


def test_a_wrong_signature_is_refused_before_anything_is_decrypted():
    with pytest.raises(Unreadable, match="signature"):
        SEAL.open_signed(signature="0" * 40, timestamp="1", nonce="n", encrypted="not base64!")
