"""Encrypting a backup: with one key for all of it, a piece at a time.

Each piece is sealed by AES-256-GCM under a nonce that counts, the last one marked as such, so
that none can be changed, moved, left out or cut off. The key comes from the words of
FRONTDESK_BACKUP_KEY by scrypt, with a salt of the file's own.
"""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from core.errors import N_, Invalid

MAGIC = b"Frontdesk backup 1\n"
SALT_BYTES, PREFIX_BYTES, TAG_BYTES = 16, 7, 16
PIECE = 1 << 20
SHORTEST_KEY = 16
OWNER_ONLY = 0o600


def check_key(key: str) -> None:
    if len(key) < SHORTEST_KEY:
        raise Invalid(
            N_("FRONTDESK_BACKUP_KEY is too short: {shortest} characters at least, please."),
            field="key",
            shortest=SHORTEST_KEY,
        )


def is_sealed(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def seal(plain: Path, sealed: Path, key: str) -> None:
    """Write an encrypted copy, for its owner alone."""
    check_key(key)
    salt, prefix = secrets.token_bytes(SALT_BYTES), secrets.token_bytes(PREFIX_BYTES)
    header = MAGIC + salt + prefix
    cipher = _cipher(key, salt)
    with plain.open("rb") as source, _new_file(sealed) as target:
        target.write(header)
        for nonce, piece in _pieces(source, PIECE, prefix):
            target.write(cipher.encrypt(nonce, piece, header))


def unseal(sealed: Path, plain: Path, key: str) -> None:
    """Write the decrypted copy, or ``Invalid`` with what is wrong and nothing left behind."""
    if not key:
        raise Invalid(
            N_("This backup is encrypted. Please set FRONTDESK_BACKUP_KEY to its key."), field="key"
        )
    with sealed.open("rb") as source, _new_file(plain) as target:
        header = source.read(len(MAGIC) + SALT_BYTES + PREFIX_BYTES)
        salt, prefix = header[len(MAGIC) : -PREFIX_BYTES], header[-PREFIX_BYTES:]
        cipher = _cipher(key, salt)
        try:
            for nonce, piece in _pieces(source, PIECE + TAG_BYTES, prefix):
                target.write(cipher.decrypt(nonce, piece, header))
        except InvalidTag:
            plain.unlink()
            raise Invalid(_what_is_wrong(target.tell()), field="file") from None


def _what_is_wrong(good_bytes: int) -> str:
    if good_bytes:
        return N_("This backup is damaged: it cannot be decrypted to its end.")
    return N_(
        "This backup cannot be decrypted: FRONTDESK_BACKUP_KEY is not the key it was made with."
    )


def _pieces(source: BinaryIO, size: int, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Each piece with its nonce; the nonce of the last one ends otherwise."""
    number, piece = 0, source.read(size)
    while True:
        following = source.read(size)
        yield prefix + number.to_bytes(4, "big") + (b"\0" if following else b"\1"), piece
        if not following:
            return
        number, piece = number + 1, following


def _cipher(key: str, salt: bytes) -> AESGCM:
    return AESGCM(Scrypt(salt=salt, length=32, n=1 << 15, r=8, p=1).derive(key.encode()))


def _new_file(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, OWNER_ONLY), "wb")
