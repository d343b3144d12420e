"""The default skeleton: the full-body model that every person starts from."""

from functools import cache
from importlib.resources import as_file, files

from pase.anatomy.model import Skeleton
from pase.anatomy.osim_read import read_osim

ASSET = "skeleton.osim"


@cache
def default_skeleton() -> Skeleton:
    """The default skeleton in the size of its source, about 1.75 m tall, with the 26 Halpe landmarks.

    41 bodies and 42 free coordinates; see `NOTICE` for its sources and `tools/build_skeleton.py` for how
    it is made from them. World: X forward, Y up, Z right. At its default coordinates it stands on the
    floor at Y = 0 with its arms hanging.
    """
    with as_file(files("pase.assets").joinpath(ASSET)) as path:
        return read_osim(path)
