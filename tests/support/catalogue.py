"""Writes gettext catalogues, as the gettext manual describes the .mo format."""

from __future__ import annotations

import struct


def write_catalogue(path, translations):
    """Write a .mo file with these translations, and the folders it is in."""
    texts = {"": "Content-Type: text/plain; charset=UTF-8\n"} | translations
    pairs = sorted((key.encode(), value.encode()) for key, value in texts.items())
    tables_end = 28 + 16 * len(pairs)
    keys = b"".join(key + b"\0" for key, _ in pairs)
    values = b"".join(value + b"\0" for _, value in pairs)
    rows = b""
    for column, offset in ((0, tables_end), (1, tables_end + len(keys))):
        for pair in pairs:
            rows += struct.pack("<II", len(pair[column]), offset)
            offset += len(pair[column]) + 1  # noqa: PLW2901 - the offset walks along
    header = struct.pack("<7I", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, 0)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(header + rows + keys + values)
