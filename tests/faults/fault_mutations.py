"""Strategies that break a valid file: its bytes, its lines and cells, its JSON or its XML."""

import copy
import json
from collections.abc import Callable, Sequence
from typing import Any
from xml.etree import ElementTree

from hypothesis import strategies as st

_BITS = st.integers(0, 7)
_PLACE = st.integers(0, 2**31)
_TIMES = st.integers(1, 3)

NUMBERS = (
    "nan", "NaN", "inf", "-inf", "Infinity", "1e999", "-1e999", "1e308", "-1e308", "1e-320", "0", "-0", "-1", "1",
    "0.5", "3", "100000", "2147483648", "9999999999", "1e18", "9" * 400, "9" * 5000, "1_000", "0x10", "1,5", "٣",
    "²", "", " ", "abc", "true", "null", "None", "'; DROP", "<script>", "\x00", "\ufeff", "é" * 30, "a" * 5000,
)  # fmt: skip
"""Words that stand where a number or a name should."""

ODD_VALUES = (
    None, True, False, 0, -1, 1, 3, 10**9, 10**18, -(10**18), 10**400, 0.5, -0.5, 1e308, -1e308, 1e-320,
    float("nan"), float("inf"), -float("inf"), "", "x", "12", "nan", "\x00", "\ud800", "é", "a" * 5000, "../../x",
    "<script>alert(1)</script>", [], {}, [[]], [None], [{}], {"": None}, [1, 2, 3], [[1, 2, 3]], [1e308] * 78,
    [0] * 78, [float("nan")] * 78, list(range(51)), ["x"] * 78, {"keypoints": 3}, [True] * 78, [10**400] * 78,
)  # fmt: skip
"""JSON values of every wrong kind."""


@st.composite
def broken_bytes(draw: st.DrawFn, content: bytes) -> bytes:
    """The bytes with some cut off, turned, doubled, left out or overwritten, or in another encoding."""
    for _ in range(draw(_TIMES)):
        content = draw(st.sampled_from(_BYTE_FAULTS))(draw, content)
    return content


def _cut(draw: st.DrawFn, content: bytes) -> bytes:
    return content[: draw(_PLACE) % (len(content) + 1)]


def _beheaded(draw: st.DrawFn, content: bytes) -> bytes:
    return content[draw(_PLACE) % (len(content) + 1) :]


def _flipped(draw: st.DrawFn, content: bytes) -> bytes:
    out = bytearray(content)
    for _ in range(draw(st.integers(1, 20)) if out else 0):
        out[draw(_PLACE) % len(out)] ^= 1 << draw(_BITS)
    return bytes(out)


def _overwritten(draw: st.DrawFn, content: bytes) -> bytes:
    at = draw(_PLACE) % (len(content) + 1)
    piece = draw(st.sampled_from((b"\x00", b"\xff", b"\x80", b"\x7f"))) * draw(st.integers(1, 64))
    return content[:at] + piece + content[at + len(piece) :]


def _left_out(draw: st.DrawFn, content: bytes) -> bytes:
    at = draw(_PLACE) % (len(content) + 1)
    return content[:at] + content[at + draw(st.integers(1, 300)) :]


def _doubled(draw: st.DrawFn, content: bytes) -> bytes:
    at = draw(_PLACE) % (len(content) + 1)
    piece = content[at : at + draw(st.integers(1, 300))]
    return content[:at] + piece * draw(st.integers(2, 5)) + content[at:]


def _inserted(draw: st.DrawFn, content: bytes) -> bytes:
    at = draw(_PLACE) % (len(content) + 1)
    return content[:at] + draw(st.binary(min_size=1, max_size=16)) + content[at:]


def _reencoded(draw: st.DrawFn, content: bytes) -> bytes:
    text = content.decode("utf-8", errors="replace")
    encoding = draw(st.sampled_from(("utf-8-sig", "utf-16", "utf-32", "latin-1", "cp037")))
    return text.encode(encoding, errors="replace")


def _with_other_line_ends(draw: st.DrawFn, content: bytes) -> bytes:
    return content.replace(b"\n", draw(st.sampled_from((b"\r\n", b"\r", b"\n\n", b"\x00", b" "))))


def _nothing(draw: st.DrawFn, content: bytes) -> bytes:
    return draw(st.sampled_from((b"", b"\n", b"\x00", b" ", b"\xef\xbb\xbf", b"\xff\xfe", b"\r\n\r\n")))


_BYTE_FAULTS: tuple[Callable[[st.DrawFn, bytes], bytes], ...] = (
    _cut, _beheaded, _flipped, _flipped, _overwritten, _left_out, _doubled, _inserted, _reencoded,
    _with_other_line_ends, _nothing,
)  # fmt: skip


@st.composite
def broken_lines(draw: st.DrawFn, content: bytes) -> bytes:
    """A table or settings file with lines or cells exchanged, doubled, left out or made nonsense."""
    lines = content.decode("utf-8").split("\n")
    for _ in range(draw(_TIMES)):
        at = draw(_PLACE) % len(lines)
        kind = draw(
            st.sampled_from(("cell", "cell", "cell", "drop", "double", "swap", "cut", "word", "long"))
        )
        if kind == "cell":
            mark = next((m for m in ("\t", ",", "=", " ") if m in lines[at]), "\t")
            cells = lines[at].split(mark)
            cells[draw(_PLACE) % len(cells)] = draw(st.sampled_from(NUMBERS))
            lines[at] = mark.join(cells)
        elif kind == "drop" and len(lines) > 1:
            del lines[at]
        elif kind == "double":
            lines.insert(at, lines[at])
        elif kind == "swap":
            second = draw(_PLACE) % len(lines)
            lines[at], lines[second] = lines[second], lines[at]
        elif kind == "cut":
            lines[at] = lines[at][: draw(_PLACE) % (len(lines[at]) + 1)]
        elif kind == "word":
            lines[at] = draw(st.sampled_from(NUMBERS))
        else:
            lines[at] = lines[at] * draw(st.integers(2, 50))
    return "\n".join(lines).encode("utf-8", errors="replace")


@st.composite
def broken_json(draw: st.DrawFn, content: bytes) -> bytes:
    """JSON of which some values are of another kind, missing, doubled or nested far too deeply."""
    tree = [json.loads(content)]
    for _ in range(draw(_TIMES)):
        places = list(_places(tree))
        holder, key = places[draw(_PLACE) % len(places)]
        kind = draw(
            st.sampled_from(("replace", "replace", "replace", "drop", "repeat", "nest", "list", "key"))
        )
        if kind == "replace":
            holder[key] = copy.deepcopy(draw(st.sampled_from(ODD_VALUES)))
        elif kind == "drop" and holder is not tree:
            del holder[key]
        elif kind == "repeat" and isinstance(holder[key], list):
            holder[key] = (holder[key] * draw(st.integers(2, 30)))[:3000]
        elif kind == "nest":
            holder[key] = _Nested(draw(st.sampled_from((3, 60, 100_000))), draw(st.sampled_from("[{")))
        elif kind == "list":
            holder[key] = [holder[key]]
        elif kind == "key" and isinstance(holder, dict):
            holder[draw(st.sampled_from(NUMBERS))] = holder.pop(key)
    return _Nested.filled(json.dumps(tree[0], default=str)).encode("utf-8", errors="surrogatepass")


class _Nested:
    """Stands for a value nested so deeply that Python's own writer could not write it."""

    def __init__(self, depth: int, bracket: str) -> None:
        self._word = f"@nested {depth} {bracket}@"

    def __str__(self) -> str:
        return self._word

    @staticmethod
    def filled(text: str) -> str:
        for depth in (3, 60, 100_000):
            text = text.replace(f'"@nested {depth} [@"', "[" * depth + "]" * depth)
            text = text.replace(f'"@nested {depth} {{@"', '{"a":' * depth + "1" + "}" * depth)
        return text


def _places(node: Any) -> Any:
    """Every value of a tree as (holder, key); of long lists the first ones."""
    keys: Sequence[Any] = list(node) if isinstance(node, dict) else range(min(len(node), 12))
    for key in keys:
        yield node, key
        if isinstance(node[key], dict | list):
            yield from _places(node[key])


@st.composite
def broken_xml(draw: st.DrawFn, content: bytes) -> bytes:
    """XML with elements left out, doubled, moved, renamed, or with other texts and attributes."""
    root = ElementTree.fromstring(content)
    for _ in range(draw(_TIMES)):
        parents = [(parent, child) for parent in root.iter() for child in parent]
        if not parents:
            break
        parent, child = parents[draw(_PLACE) % len(parents)]
        kind = draw(
            st.sampled_from(("text", "text", "text", "drop", "double", "move", "tag", "name", "nest"))
        )
        if kind == "text":
            words = (child.text or "").split() or [""]
            words[draw(_PLACE) % len(words)] = draw(st.sampled_from(NUMBERS)).replace("\x00", "")
            child.text = " ".join(words)
        elif kind == "drop":
            parent.remove(child)
        elif kind == "double":
            parent.append(copy.deepcopy(child))
        elif kind == "move":
            target = parents[draw(_PLACE) % len(parents)][1]
            if target not in list(child.iter()):
                parent.remove(child)
                target.append(child)
        elif kind == "tag":
            child.tag = parents[draw(_PLACE) % len(parents)][1].tag
        elif kind == "name":
            child.set("name", draw(st.sampled_from(("", "x", "/", "..", "ground", parent.get("name", "")))))
        else:
            for _ in range(draw(st.sampled_from((2, 500)))):
                child = ElementTree.SubElement(child, child.tag)
    return ElementTree.tostring(root)


BREAKERS: dict[str, Callable[[bytes], st.SearchStrategy[bytes]]] = {
    "bytes": broken_bytes,
    "lines": lambda content: broken_lines(content) | broken_bytes(content),
    "json": lambda content: broken_json(content) | broken_bytes(content),
    "xml": lambda content: broken_xml(content) | broken_bytes(content),
}
"""By the kind of a file: the strategy that breaks it with respect to what it is made of."""
