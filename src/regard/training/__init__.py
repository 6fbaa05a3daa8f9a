"""The room train; docs/architecture.md says what lives here."""
