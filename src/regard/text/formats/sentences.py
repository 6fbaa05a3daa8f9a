"""What files of tagged words are read into: sentences of words with their tags, and the line of each word."""

from __future__ import annotations

from dataclasses import dataclass, field

from regard.errors import DataError
from regard.records import Span


@dataclass
class Sentence:
    """`lines` are the line of each word in the file (of a table: the row's, for each). `tags` are None where the row
    has none; a tag that is not there is the empty string.

    `text` and `name` are what the file gives as the sentence's text and id; `spans` the words' characters in `text`.
    """

    line: int
    words: list[str] = field(default_factory=list)
    tags: list[str] | None = None
    lines: list[int] = field(default_factory=list)
    text: str | None = None
    name: str | None = None
    spans: list[Span] | None = None


@dataclass
class Sentences:
    """The sentences of one source. `unit` says whether `lines` count lines or rows; `tags_column` is how messages name
    the tags; `columns` says what was taken, to be shown to the user.

    `class_names` is None unless all tags of a table are numbers: then what the file calls them, empty where it does not
    say.
    """

    source: str
    sentences: list[Sentence]
    columns: dict[str, str]
    unit: str = "line"
    tags_column: str | None = None
    contiguous: bool = False
    class_names: list[str] | None = None

    def error(self, line: int, message: str, *, column: str | None = None, mend: str | None = None) -> DataError:
        """A `DataError` at this line, or row."""
        if self.unit != "line":
            message = f"{self.unit} {line}: {message}"
            return DataError(message, file=self.source, column=column, mend=mend)
        return DataError(message, file=self.source, line=line, column=column, mend=mend)
