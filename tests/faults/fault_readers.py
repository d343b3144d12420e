"""Everything in PASE that reads a file: a small valid file for each, and what is done with it."""

from fault_keypoints import KEYPOINTS
from fault_media import MEDIA
from fault_motions import MOTIONS
from fault_networks import NETWORKS
from fault_own_files import OWN_FILES
from fault_reader import Reader

READERS: dict[str, Reader] = {**KEYPOINTS, **MOTIONS, **OWN_FILES, **NETWORKS, **MEDIA}
"""Every reader, by what it reads."""
