"""From a folder or table of pictures to records, splits and batches."""
