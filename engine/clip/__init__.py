"""CLIP models: the catalogue, downloads, weights and the two towers. The only importer of open_clip."""
