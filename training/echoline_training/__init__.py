"""Train, measure and export Echoline's outline models."""

__version__ = "0.5.0"
