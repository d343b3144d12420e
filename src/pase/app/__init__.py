"""The web app: drop a video, watch, look, download; on this computer only."""
