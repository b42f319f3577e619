"""Match thresholds proposed from an agency's own people, and taken into use by its admin."""
