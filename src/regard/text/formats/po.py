"""Message catalogues of programs (gettext's .po): what a program says, and what it says in another language."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from regard.errors import DataError
from regard.text.formats.table import Cell, Table, decode, read_bytes

_DEFAULT = re.compile(r"Default: \"(.*)\"", re.DOTALL)


def read_po(path: Path) -> Table:
    """Columns `source` and `target`, a row for each message that is translated; doubtful ("fuzzy") and obsolete ones
    are left out. Where a message is named by an identifier, its text is what the catalogue says is its default.

    Raises `DataError` where the file is no catalogue or has nothing translated in it.
    """
    import polib

    content = decode(read_bytes(path), path)
    if "msgid" not in content:
        raise DataError("this is no message catalogue: no msgid in it", file=path, mend="give a .po file of gettext")
    try:
        entries = list(polib.pofile(content))
    except (OSError, ValueError) as error:
        said = " ".join(str(error).split()).removeprefix(content[:1])[-80:]
        raise DataError(f"this message catalogue is damaged: {said}", file=path, mend="check it with msgfmt") from None
    kept = [entry for entry in entries if _target(entry).strip() and not entry.fuzzy and not entry.obsolete]
    if not kept:
        raise DataError("no message in it is translated", file=path)
    columns: dict[str, list[Cell]] = {
        "source": [_source(entry) for entry in kept],
        "target": [_target(entry) for entry in kept],
    }
    facts = {}
    if left := len(entries) - len(kept):
        facts["messages"] = f"{left:,} of {len(entries):,} left out: not translated, doubtful or obsolete"
    return Table(str(path), columns, [entry.linenum for entry in kept], facts=facts)


def _target(entry: Any) -> str:
    """Of a message with plural forms that of one."""
    return str(entry.msgstr or (entry.msgstr_plural or {}).get(0, ""))


def _source(entry: Any) -> str:
    import polib

    stated = _DEFAULT.search(entry.comment or "")
    return str(polib.unescape(stated[1]) if stated else entry.msgid)
