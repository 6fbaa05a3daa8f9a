"""What the doctor found: findings with places, a verdict, and both as JSON and as lines for a terminal."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Severity = Literal["block", "warn", "note"]
SEVERITIES: tuple[Severity, ...] = ("block", "warn", "note")
_WORDS = {"block": "STOP", "warn": "warning", "note": "note"}


@dataclass(frozen=True)
class Finding:
    """One thing the user should know of a part of the data.

    `count` texts are concerned, `share` of the part (0 to 1). `examples` hold `id`, `line` (or None), the
    beginning of the `text`, and for pairs the other one as `same_as`.
    """

    severity: Severity
    code: str
    part: str
    message: str
    mend: str | None = None
    count: int = 0
    share: float = 0.0
    examples: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Diagnosis:
    """All findings, the gravest first. `parts` holds for each part `n` and how often each label occurs."""

    findings: list[Finding]
    parts: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def blocked(self) -> bool:
        """True where a result would mean nothing."""
        return any(finding.severity == "block" for finding in self.findings)

    @property
    def verdict(self) -> str:
        counts = {severity: self._count(severity) for severity in SEVERITIES}
        if counts["block"]:
            return f"stop: {_number(counts['block'], 'finding')} would make the result meaningless"
        if not self.findings:
            return "good to go: nothing found"
        told = [_number(counts[severity], _WORDS[severity]) for severity in ("warn", "note") if counts[severity]]
        return f"good to go, with {' and '.join(told)}"

    def to_json(self) -> dict[str, Any]:
        return {
            "verdict": self.verdict,
            "blocked": self.blocked,
            "parts": self.parts,
            "findings": [asdict(finding) for finding in self.findings],
        }

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Diagnosis:
        return cls([Finding(**finding) for finding in document["findings"]], document["parts"])

    def lines(self, *, notes: bool = True) -> list[str]:
        """Plain text for a terminal, the verdict first; without `notes` only what asks for something to be done."""
        lines = [f"doctor: {self.verdict}"]
        lines += [f"  {name}: {_describe(part)}" for name, part in self.parts.items()]
        for finding in self.findings:
            if finding.severity == "note" and not notes:
                continue
            lines.append(f"  {_WORDS[finding.severity]}, {finding.part}: {finding.message}{_places(finding)}")
            if finding.mend:
                lines.append(f"    mend: {finding.mend}")
        return lines

    def _count(self, severity: Severity) -> int:
        return sum(finding.severity == severity for finding in self.findings)


def _number(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"


def _describe(part: dict[str, Any]) -> str:
    labels: dict[str, int] = part["labels"]
    if not labels:
        return f"{part['n']:,} texts, no labels"
    shown = ", ".join(f"{label} {count:,}" for label, count in list(labels.items())[:6])
    more = f", and {len(labels) - 6} more" if len(labels) > 6 else ""
    return f"{part['n']:,} texts; {shown}{more}"


def _places(finding: Finding) -> str:
    lines = [example["line"] for example in finding.examples if example.get("line") is not None]
    if lines:
        return f" (line {', '.join(map(str, lines))})"
    ids = [str(example["id"]) for example in finding.examples if "id" in example]
    return f" (id {', '.join(ids)})" if ids else ""
