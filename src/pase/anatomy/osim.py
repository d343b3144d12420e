"""OpenSim 4 models in and out."""

from pase.anatomy.osim_read import read_osim
from pase.anatomy.osim_write import write_osim

__all__ = ["read_osim", "write_osim"]
