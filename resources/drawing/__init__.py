"""Draws small pictures of things, with captions that say what is in them.

Everything is drawn from a seed by our own code; nothing is taken from elsewhere. Needs PySide6 and Pillow at
development time only: the program itself ships the finished pictures.
"""
