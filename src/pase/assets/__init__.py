"""Data built by `tools/`: the default skeleton and its bones; see NOTICE for the sources."""
