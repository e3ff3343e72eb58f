"""The engine: from a folder of pictures to a finetuned CLIP. Knows no Qt."""

__version__ = "0.1.0"
