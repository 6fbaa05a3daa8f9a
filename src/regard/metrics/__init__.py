"""The room metrics; docs/architecture.md says what lives here."""
