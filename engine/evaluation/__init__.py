"""Judging a model: metrics, features, blending, the result of a run."""
