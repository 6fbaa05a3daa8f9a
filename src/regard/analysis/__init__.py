"""The room analysis; docs/architecture.md says what lives here."""
