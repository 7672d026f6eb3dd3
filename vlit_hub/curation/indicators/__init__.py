"""One indicator per file; a new one is a new file with an INDICATOR of the file's name."""
