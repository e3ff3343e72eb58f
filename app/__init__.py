"""The window. Qt lives here and only here; torch never does."""
