"""The room text; docs/architecture.md says what lives here."""
