"""Recipes of the paper's benchmarks, and what makes downloaded files ready for them."""
