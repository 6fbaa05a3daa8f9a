"""The room jobs; docs/architecture.md says what lives here."""
