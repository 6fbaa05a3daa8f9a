"""The room tasks; docs/architecture.md says what lives here."""
