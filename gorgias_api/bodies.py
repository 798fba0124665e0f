"""Bodies of answers, of which no more is taken than there is room for."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from urllib3.exceptions import DecodeError

from gorgias_api.errors import TooLargeError
from gorgias_api.wire import extend

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests

CHUNK = 64 * 1024
LARGEST = 64_000_000
"""Bytes of an answer that is kept in memory, counted after decompression."""
SLOWEST = 8 * 1024
"""Bytes per second that a file must come with, once it takes longer than an answer may."""
FORMATS = {
    "gzip": zlib.MAX_WBITS | 16,
    "x-gzip": zlib.MAX_WBITS | 16,
    "deflate": zlib.MAX_WBITS,
}


def whole(response: requests.Response, asked: str) -> bytes:
    """The body, decompressed if it came in a format that was asked for.

    Args:
        response: whose body was not read yet.
        asked: verb and path, for the sentence.

    Raises:
        TooLargeError: it has more than `LARGEST` bytes.
        urllib3.exceptions.HTTPError: it did not come as a whole, or cannot be decompressed.
    """
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    pieces: Iterator[bytes] = response.raw.stream(CHUNK, decode_content=False)
    if encoding in FORMATS:
        pieces = _decompressed(pieces, FORMATS[encoding])
    body = bytearray()
    with response:
        for piece in pieces:
            body += piece
            if len(body) > LARGEST:
                message = f"{asked} was answered with more than {LARGEST // 1_000_000} MB."
                raise TooLargeError(message)
    return bytes(body)


def as_it_comes(response: requests.Response) -> Iterator[bytes]:
    """The pieces of a file, not decompressed; while they come fast enough, there is time for more.

    Raises:
        urllib3.exceptions.HTTPError: it did not come as a whole.
    """
    for piece in response.raw.stream(CHUNK, decode_content=False):
        extend(response, len(piece) / SLOWEST)
        yield piece


def _decompressed(pieces: Iterator[bytes], window: int) -> Iterator[bytes]:
    """The contents, a little at a time, however much a piece holds; of nothing, nothing."""
    unpack, began = zlib.decompressobj(window), False
    try:
        for piece in pieces:
            began, rest = True, piece
            while rest and not unpack.eof:
                yield unpack.decompress(rest, CHUNK)
                rest = unpack.unconsumed_tail
            if rest or unpack.unused_data:
                message = "more follows the compressed body"
                raise DecodeError(message)
        yield unpack.flush()
    except zlib.error as error:
        raise DecodeError(*error.args) from error
    if began and not unpack.eof:
        message = "the compressed body is cut short"
        raise DecodeError(message)
