"""Comparing methods: a grid of runs from one recipe, what was chosen by validation, and what follows."""
