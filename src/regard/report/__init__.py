"""The room report; docs/architecture.md says what lives here."""
