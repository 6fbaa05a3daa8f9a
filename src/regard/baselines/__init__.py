"""The room baselines; docs/architecture.md says what lives here."""
