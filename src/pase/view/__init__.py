"""Drawing: bones over footage, plots, the viewer, the report page."""
