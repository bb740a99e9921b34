"""Fills the members of answers in JSON, with the same texts and numbers as filling.py writes as XML.

Besides, JSON has values that XML lacks: nulls, times as numbers, maps, and unknown members with numbers, lists and
nulls.
"""

from __future__ import annotations

from functools import partial
from typing import Any
from zlib import crc32

from botocore.model import Shape

from filling import MARKER, MAX_RECURSION, Filler, Mode, is_sensitive, wire_name

EPOCH = 1_398_796_238
# Added to seconds since 1970. Doubles hold these fractions of a second to the microsecond.
FRACTIONS = (0, 0.5, 0.25, 0.123)
ISO_TURNS = 5  # every so many times is a text
NULL_TURNS = 4  # every so many empty members is null


class JsonFiller(Filler):
    """Writes one item as a JSON value."""

    def item(self, shape: Shape, name: str = "") -> Any:
        self.turn = crc32(shape.name.encode()) % 97 + self.number * 5
        return self._structure(shape, (), (), False)

    def _structure(self, shape: Shape, path: tuple[str, ...], parents: tuple[str, ...], secret: bool) -> Any:
        if parents.count(shape.name) > MAX_RECURSION:
            return {}
        holds_secret = any(is_sensitive(name, member) for name, member in shape.members.items())
        secret = secret or holds_secret
        parents = (*parents, shape.name)
        filled: dict[str, Any] = {}
        for name, member in shape.members.items():
            place = ".".join((*path, name))
            if place in self.fixed:
                if self.fixed[place] is not None:
                    filled[wire_name(name, member)] = self.fixed[place]
            elif self._is_kept(shape, name, member, place):
                filled[wire_name(name, member)] = self._value(shape, name, member, (*path, name), parents, secret)
        return filled | self._unknown(shape, bool(path), holds_secret, secret)

    def _unknown(self, shape: Shape, inner: bool, holds_secret: bool, secret: bool) -> Any:
        if not super()._unknown(shape, inner, holds_secret, secret):
            return {}
        text = f"fresh & new {MARKER}" if secret else "fresh & new"
        return {"brandNewMember": {"text": text, "list": [1, 2.5, None, {"deep": [True, text]}], "none": None}}

    def _value(
        self,
        owner: Shape | None,
        name: str,
        shape: Shape,
        path: tuple[str, ...],
        parents: tuple[str, ...],
        secret: bool,
    ) -> Any:
        if shape.type_name == "structure":
            return self._structure(shape, path, parents, secret)
        if shape.type_name == "list":
            if self.mode is Mode.EMPTY:
                return []
            singular = name.removesuffix("s")
            inner = (*path, singular)
            return [self._value(owner, singular, shape.member, inner, parents, secret) for _ in range(2)]
        if shape.type_name == "map":
            if self.mode is Mode.EMPTY:
                return {}
            key, value = (
                partial(self._value, owner, part, inner, (*path, part), parents, secret)
                for part, inner in (("Key", shape.key), ("Value", shape.value))
            )
            return {key(): value() for _ in range(2)}
        if shape.type_name == "string":
            self.turn += 1
            text = self._text(owner, name, shape, len(path) == 1)
            is_null = self.mode is Mode.EMPTY and not text and self.turn % NULL_TURNS == 0
            return None if is_null else text
        if shape.type_name == "timestamp":
            self.turn += 1
            if shape.serialization.get("timestampFormat") == "iso8601":
                return self._timestamp()
            seconds = EPOCH + self.turn * 86_461 + FRACTIONS[self.turn % len(FRACTIONS)]
            return self._timestamp() if self.turn % ISO_TURNS == 0 else seconds
        text = super()._value(owner, name, shape, path, parents, secret)
        match shape.type_name:
            case "boolean":
                return text == "true"
            case "integer" | "long":
                return int(text)
            case "float" | "double":
                return float(text)
        return text
