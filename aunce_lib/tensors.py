"""Tensors as the bytes of a safetensors file: the same bytes whenever they are the same tensors."""

from __future__ import annotations

import json
import struct

import numpy as np
from safetensors.numpy import save


def tensor_bytes(tensors: dict[str, np.ndarray], notes: dict[str, str]) -> bytes:
    """A safetensors file, its notes in the order of the alphabet.

    `safetensors` writes notes in an order that differs from process to process, and with it every
    checksum of the file.

    Args:
        tensors: By name.
        notes: Of the header, by name.

    Example:
        >>> content = tensor_bytes({"x": np.zeros(2, np.float32)}, {"b": "2", "a": "1"})
        >>> content[8:43]
        b'{"__metadata__":{"a":"1","b":"2"},"'
    """
    content = save({name: np.ascontiguousarray(array) for name, array in tensors.items()}, notes)
    (length,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8 : 8 + length])
    header["__metadata__"] = dict(sorted(notes.items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)  # tensors begin at a multiple of 8
    return struct.pack("<Q", len(text)) + text + content[8 + length :]
