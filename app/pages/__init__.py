"""The pages of the wizard. They know the shell and no other page."""
