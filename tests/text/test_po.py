"""Message catalogues are read as text pairs."""

from __future__ import annotations

from pathlib import Path

import pytest

from regard.errors import DataError
from regard.text.formats.po import read_po
from regard.text.read_pairs import read_pairs

CATALOGUE = r"""
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\n"

#. Default: "Save \"all\" changes"
msgid "label_save"
msgstr "Alle Änderungen "
"speichern"

msgid "Delete"
msgstr "Löschen"

msgid "Untranslated"
msgstr ""

#, fuzzy
msgid "Open"
msgstr "Zu"

#~ msgid "Gone"
#~ msgstr "Weg"
"""


def test_translated_messages_are_pairs(tmp_path: Path) -> None:
    (tmp_path / "de.po").write_text(CATALOGUE, encoding="utf-8")
    corpus = read_pairs(tmp_path / "de.po")
    assert corpus.texts == ['Save "all" changes', "Delete"]
    assert corpus.labels == [("Alle Änderungen speichern",), ("Löschen",)]
    assert corpus.lines == [6, 11]
    assert corpus.columns["messages"].startswith("3 of 5 left out")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n1,2\n", "no message catalogue"),
        ('msgid "a"\nmsgstr ""\n', "no message in it is translated"),
        ('msgid "a"b"\nmsgstr "c"\n', "damaged"),
    ],
)
def test_what_is_none_is_said(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "x.po").write_text(content)
    with pytest.raises(DataError, match=message):
        read_po(tmp_path / "x.po")
