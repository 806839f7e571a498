"""Damage to files, and a judge who opens them in a process that may neither swell nor hang.

A file from anybody may do one of two things: be read (then `Target.check` says whether rightly), or
be refused by a ValueError or OSError that names it. Every other exception, a crash, a minute's
silence or an allocation far beyond the file's size is a fault, and the input is kept.
"""

from __future__ import annotations

import faulthandler
import json
import multiprocessing
import resource
import shutil
import struct
import sys
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

Random = np.random.Generator
MEBIBYTE = 2**20
MOST_ADDRESSES = 1024 * MEBIBYTE  # beyond what is mapped already: above it allocating fails
MOST_MEMORY = 400  # MiB in use, beyond what was
SILENCE = 120  # seconds for one file, on a machine with other work
NUMBERS = [0, 1, -1, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**64 - 1, 10**30, 1e308, 0.5, -0.0]
ODD = [None, True, "", "x" * 5000, [], {}, [[]], {"": {}}, [1, 1], float("nan"), float("inf")]
EVIL = ["__import__('os').system('x')", "../../x", "/etc/passwd", "<script>alert(1)</script>", "\0"]
VALUES = [*NUMBERS, *ODD, *EVIL]


@dataclass(frozen=True)
class Target:
    """Something that is opened.

    Attributes:
        make: Writes it, whole, into a folder.
        damage: Spoils what lies in the folder.
        load: Opens it.
        check: Raises AssertionError if what was loaded is wrong.
    """

    make: Callable[[Path], object]
    damage: Callable[[Path, Random], object]
    load: Callable[[Path], object]
    check: Callable[[object], object] = lambda value: None


def judge(target: Target, folder: Path, n: int, seed: int = 0) -> Counter:
    """Damage and open `n` times in a limited process; how often it was "loaded" and "refused"."""
    if "fork" not in multiprocessing.get_all_start_methods() or sys.platform == "darwin":
        pytest.skip("limits of a forked process are Linux'")
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_limited, args=(theirs, target, folder, n, seed))
    process.start()
    theirs.close()
    try:
        verdicts, fault, swollen = ours.recv()
    except EOFError:
        process.join()
        verdicts, fault, swollen = Counter(), f"the process ended with {process.exitcode}", 0
    process.join()
    assert not fault, f"{fault}; the input lies in {folder / 'damaged'}"
    assert swollen < MOST_MEMORY, f"{swollen:.0f} MiB more in use than before"
    return verdicts


def _limited(pipe, target: Target, folder: Path, n: int, seed: int) -> None:
    import pyarrow as pa

    pa.set_memory_pool(pa.system_memory_pool())  # others reserve addresses by the GiB
    pa.set_cpu_count(1)  # each thread would reserve 64 MiB of addresses
    pa.set_io_thread_count(1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (mapped + MOST_ADDRESSES,) * 2)
    whole, damaged, verdicts, fault = folder / "whole", folder / "damaged", Counter(), ""
    whole.mkdir()
    target.make(whole)
    for number in range(n):
        shutil.rmtree(damaged, ignore_errors=True)
        shutil.copytree(whole, damaged)
        target.damage(damaged, np.random.default_rng((seed, number)))
        faulthandler.dump_traceback_later(SILENCE, exit=True)
        fault = _fault(target, damaged, verdicts)
        faulthandler.cancel_dump_traceback_later()
        if fault:
            fault = f"input {number} of seed {seed}: {fault}"
            break
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    pipe.send((verdicts, fault, (after - before) / 1024))


def _fault(target: Target, damaged: Path, verdicts: Counter) -> str:
    """What is wrong with how a damaged file was taken; empty if nothing."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = target.load(damaged)
    except (ValueError, OSError) as error:
        verdicts["refused"] += 1
        if str(damaged) not in str(error):
            return f"{type(error).__name__} names no file: {str(error)[:300]}"
        return "" if len(str(error)) < 3000 else f"a message of {len(str(error))} letters"
    except BaseException as error:  # noqa: BLE001 that is what is looked for
        return f"{type(error).__name__}: {str(error)[:300]}"
    verdicts["loaded"] += 1
    try:
        target.check(value)
    except AssertionError as error:
        return f"read wrongly: {str(error)[:300]}"
    return ""


# ── damage ───────────────────────────────────────────────────────────────────────────────────────


def bytes_damaged(content: bytes, rng: Random) -> bytes:
    """Some bytes flipped, cut, moved, doubled, or made an extreme number."""
    content = bytearray(content)
    for _ in range(rng.integers(1, 4)):
        size = max(len(content), 1)
        place = int(min(rng.integers(size), rng.integers(size)))  # headers come first
        length = int(rng.integers(1, 40))
        kind = rng.integers(8)
        if kind == 0 and content:
            content[place % size] ^= 1 << rng.integers(8)
        elif kind == 1:
            del content[place:]
        elif kind == 2:
            del content[place : place + length]
        elif kind == 3:
            content[place:place] = content[place : place + length]
        elif kind == 4:
            content[place : place + length] = rng.bytes(length)
        elif kind == 5:
            number = (0, 1, 2**31 - 1, 2**32 - 1, 2**63 - 1)[rng.integers(5)]
            content[place : place + 8] = number.to_bytes(8, "little")
        elif kind == 6:
            content[place : place + length] = bytes(length)
        else:
            content += rng.bytes(length)
    return bytes(content)


def json_damaged(content: bytes, rng: Random) -> bytes:
    """A value somewhere in a JSON text made another, or its text damaged."""
    if rng.random() < 0.25:
        return bytes_damaged(content, rng)
    if rng.random() < 0.05:
        return b"[" * 100_000
    values = json.loads(content)
    parts = [values]
    for part in parts:
        inside = part.values() if isinstance(part, dict) else part
        parts += [one for one in inside if isinstance(one, dict | list) and one]
    part = parts[rng.integers(len(parts))] if values else values
    if isinstance(part, dict):
        key = list(part)[rng.integers(len(part))]
    else:
        key = int(rng.integers(len(part)))
    if rng.random() < 0.2:
        del part[key]
    else:
        part[key] = VALUES[rng.integers(len(VALUES))]
    return json.dumps(values).encode()


YAML = [
    "!!python/object/apply:os.system ['x']",
    "!!int x",
    "!!bool x",
    "!!timestamp x",
    "&a [*a]",
    "*b",
    "&b [1, *b, *b]",
    "[" * 3000,
    "{" * 60,
    "- " * 60,
    "0x" + "f" * 9000,
    "9" * 5000,
    "1" + ":59" * 3000,
    "1e999",
    ".nan",
    "-.inf",
    "2001-99-99",
    "{? [1]: 2}",
    "{<<: 1}",
    "'",
    '"\\x00"',
    "|\n x",
    "%YAML 9.9",
    "\n---\n",
    "\x00",
    "\u2028",
    "a: b",
    "[a, b, c]",
    "{a: 1}",
    "null",
    "yes",
    "-1",
    "0",
    "1e-3",
    "10000000000000000000000000",
    *EVIL,
]
BOMBS = [
    "a: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 70)),
    "a: &a0 {x: 1}\n"
    + "".join(f"a{i}: &a{i} {{<<: [*a{i - 1}, *a{i - 1}]}}\n" for i in range(1, 70)),
    "a: " + "[" * 100_000,
    "a: '" + "x" * 2_000_000 + "'",
]


def yaml_damaged(content: bytes, rng: Random) -> bytes:
    """A value replaced by a nasty one, a bomb put before, or the text damaged."""
    text, kind = content.decode(), rng.random()
    if kind < 0.2:
        return bytes_damaged(content, rng)
    if kind < 0.3:
        return (BOMBS[rng.integers(len(BOMBS))] + "\n" + text).encode()
    lines = text.splitlines()
    for _ in range(rng.integers(1, 3)):
        place, nasty = rng.integers(len(lines)), YAML[rng.integers(len(YAML))]
        key, colon, value = lines[place].partition(": ")
        lines[place] = f"{key}{colon}{nasty}" if colon and rng.random() < 0.8 else nasty
    return "\n".join(lines).encode(errors="surrogatepass")


def tensors_damaged(content: bytes, rng: Random) -> bytes:
    """Another header before the numbers of a safetensors file, or bytes damaged."""
    if rng.random() < 0.3:
        return bytes_damaged(content, rng)
    (length,) = struct.unpack("<Q", content[:8])
    header, body = json.loads(content[8 : 8 + length]), content[8 + length :]
    if rng.random() < 0.35:
        tensor = list(header)[rng.integers(len(header))]
        if tensor != "__metadata__":
            kinds = ["BF16", "F16", "F64", "I64", "BOOL", "F8_E4M3", "C64", "X", "U8", 7]
            shapes = [[], [0], [2**62], [2**32, 2**32], [-1], [1] * 100, ["x"], [1.5], None]
            if rng.random() < 0.5:
                header[tensor]["dtype"] = kinds[rng.integers(len(kinds))]
            else:
                header[tensor]["shape"] = shapes[rng.integers(len(shapes))]
            if rng.random() < 0.3:
                header[tensor]["shape"], header[tensor]["data_offsets"] = [0], [0, 0]
            return _packed(header, body)
    metadata = header.get("__metadata__", {})
    if metadata and rng.random() < 0.7:
        key = list(metadata)[rng.integers(len(metadata))]
        try:
            metadata[key] = json_damaged(metadata[key].encode(), rng).decode(errors="replace")
        except (ValueError, IndexError, AttributeError, TypeError):  # no JSON
            metadata[key] = str(EVIL[rng.integers(len(EVIL))])
        return _packed(header, body)
    return _packed(json.loads(json_damaged(json.dumps(header).encode(), _whole(rng))), body)


def _packed(header: object, body: bytes) -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


class _whole:
    """A random generator of which `json_damaged` makes JSON only."""

    def __init__(self, rng: Random) -> None:
        self.integers, self._rng = rng.integers, rng

    def random(self) -> float:
        return 0.25 + 0.75 * self._rng.random()
