"""The room encoders; docs/architecture.md says what lives here."""
