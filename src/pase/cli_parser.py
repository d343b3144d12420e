"""The parser of the command line: commands, arguments, and a flag for every setting."""

import argparse
import difflib
import re
import typing
from pathlib import Path
from typing import Any, Literal, NoReturn

from pase.config import leaves, setting_groups
from pase.errors import InputError
from pase.files import head_of
from pase.setting import Leaf
from pase.version import __version__

PAGES = tuple(f"output.{name}" for name in ("viewer", "film", "plots", "png", "page", "formats"))
"""Settings of what is written beside the numbers."""

ALL_STAGES = ("person", "footage", "camera", "models", "pose2d", "lift", "fit", "analysis", "view", "output")
"""Groups of settings that a whole run has."""

_ADDRESS = re.compile(r"(https?|s?ftp|rtsp|rtmp|s3|gs):/", re.IGNORECASE)
"""How an address begins; a path has lost the second slash."""

SOURCES = "a video, a photo, or keypoints of another program"


class Parser(argparse.ArgumentParser):
    """An argparse parser whose errors are PASE's: one line, no usage."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs, allow_abbrev=False)

    def format_help(self) -> str:
        """The help, with a usage of one line: the flags are listed below it, by their group."""
        words = [
            {"*": f"[{a.metavar} ...]", "?": f"[{a.metavar}]"}.get(str(a.nargs), a.metavar or a.dest)
            for a in self._get_positional_actions()
        ]
        needed = [f"{a.option_strings[0]} {a.metavar}" for a in self._get_optional_actions() if a.required]
        self.usage = " ".join(map(str, [self.prog, *words, *needed, "[options]"]))
        return super().format_help()

    def error(self, message: str) -> NoReturn:
        """Raise in place of printing the usage and leaving."""
        raise InputError(f"{message}; see '{self.prog} --help'")


def parse(words: list[str]) -> argparse.Namespace:
    """What the words of a command line say.

    Raises
    ------
    InputError
        When a word is not understood; the message says what would be.
    """
    parser = make_parser()
    parsed, unknown = parser.parse_known_args(_with_command(words, parser))
    if unknown:
        if Path(unknown[0]).exists():
            batch = ", or put them into a folder for 'pase batch'" if parsed.command == "run" else ""
            raise InputError(
                f"{parsed.parser.prog} takes one, and {unknown[0]} is another: name one at a time{batch}"
            )
        flags = [name for action in parsed.parser._actions for name in action.option_strings]
        close = difflib.get_close_matches(unknown[0].split("=")[0], flags, 1)
        hint = f", did you mean '{close[0]}'" if close else ""
        raise InputError(f"unknown argument '{unknown[0]}'{hint}; see '{parsed.parser.prog} --help'")
    _complete(parsed)
    return parsed


def _named(text: str) -> Path:
    """A file's name, which an unset variable of the shell is not."""
    if not text:
        raise argparse.ArgumentTypeError("the name is empty; is a variable of the shell not set?")
    return Path(text)


def _complete(parsed: argparse.Namespace) -> None:
    """Refuse addresses and finished results, and name the result after its source where no name is given."""
    source = getattr(parsed, "source", None)
    if source is None:
        return
    for place in (source, getattr(parsed, "video", None)):
        if _ADDRESS.match(str(place)):
            address = re.sub(":/+", "://", str(place), count=1)
            raise InputError(f"{address} is an address: download the file first and name it here")
    if parsed.command in ("run", "fit", "batch") and b'"pase":' in head_of(source / "report.json", 100):
        raise InputError(
            f"{source} is a result of PASE: give it to 'pase view', 'pase compare' or 'pase export'"
        )
    if parsed.command in ("run", "fit") and parsed.output is None:
        parsed.output = Path(f"{source.stem if source.suffix else source.name}_pase")


def _with_command(words: list[str], parser: Parser) -> list[str]:
    """`run` before words that begin with a file or an address; the help where there are no words, or `help`."""
    commands = next(a.choices for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    if not words or (words[0] == "help" and not Path(words[0]).exists()):
        return [*words[1:], "--help"]
    if words[0].startswith("-") or words[0] in commands:
        return words
    if Path(words[0]).exists() or _ADDRESS.match(words[0]):
        return ["run", *words]
    close = difflib.get_close_matches(words[0], commands, 1)
    hint = f", did you mean '{close[0]}'" if close else ""
    raise InputError(f"'{words[0]}' is no command, and no file of that name exists{hint}; see 'pase --help'")


def make_parser() -> Parser:
    """The whole command line: commands, arguments, and a flag for every setting."""
    parser = Parser(prog="pase", description="Personalised anatomical skeletons in motion from one camera.")
    parser.add_argument("--version", action="version", version=__version__)
    parser.set_defaults(parser=parser)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_run(commands)
    _add_batch(commands)
    _add_stages(commands)
    _add_views(commands)
    _add_apps(commands)
    _add_models(_add(commands, "models", "list, fetch or find the model files"))
    _add(commands, "doctor", "show versions, what computes and draws, and what is missing")
    _add(commands, "version", "show the version")
    return parser


def _add_run(commands: Any) -> None:
    """The command that does everything with one recording."""
    command = _add(commands, "run", "turn a video or photo into personalised skeletons in motion")
    meaning = f"{SOURCES}; a folder is processed as by 'pase batch'"
    command.add_argument("source", metavar="VIDEO_OR_PHOTO", type=_named, help=meaning)
    _add_footage(command)
    _add_output(command, "folder of the result (default: the footage's name with _pase)", required=False)
    _add_settings(command, *ALL_STAGES)


def _add_batch(commands: Any) -> None:
    """The command that does many recordings."""
    command = _add(commands, "batch", "run every video and photo of a folder, or of a study's table")
    command.add_argument("source", metavar="DIR", type=_named, help="folder of videos and photos")
    command.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        type=Path,
        required=True,
        help="folder of the results; an interrupted batch continues",
    )
    meaning = "the study's table, .toml or .csv (default: study.toml or study.csv in DIR)"
    command.add_argument("--study", metavar="FILE", type=Path, help=meaning)
    command.add_argument("--jobs", metavar="N", type=int, help="trials at once (default: as many as fit)")
    meaning = "Dask scheduler whose workers run the trials, such as tcp://10.0.0.1:8786"
    command.add_argument("--scheduler", metavar="ADDRESS", help=meaning)
    command.add_argument("--overwrite", action="store_true", help="repeat finished trials")
    _add_settings(command, *ALL_STAGES)


def _add_stages(commands: Any) -> None:
    """Commands that do one stage alone."""
    command = _add(commands, "pose2d", "find the 2D keypoints only")
    command.add_argument("source", metavar="VIDEO_OR_PHOTO", type=_named, help="a video or a photo")
    _add_output(command, "file of the keypoints, such as keypoints.json; a new folder for openpose")
    meaning = "format of the file; alphapose alone keeps times and deviations"
    kinds = ("alphapose", "openpose", "coco")
    command.add_argument("--format", choices=kinds, default="alphapose", help=meaning)
    _add_settings(command, "footage", "models", "pose2d", short="pose2d")

    command = _add(commands, "lift", "find landmarks in space with a lifter only")
    command.add_argument("source", metavar="SOURCE", type=_named, help=SOURCES)
    _add_footage(command)
    _add_output(command, "landmarks as .trc (upright) or .npz (in the lifter's axes)")
    _add_settings(command, "footage", "models", "pose2d", "lift", short="lift")

    command = _add(commands, "fit", "fit skeletons to existing keypoints, or to markers")
    meaning = "keypoints of PASE or another program, markers (.trc, .c3d), or 3D joints (JSON)"
    command.add_argument("source", metavar="KEYPOINTS_OR_MARKERS", type=_named, help=meaning)
    _add_footage(command)
    _add_markers(command)
    _add_output(command, "folder of the result (default: the source's name with _pase)", required=False)
    _add_settings(command, "person", "pose2d.person", "camera", "models", "lift", "fit", "analysis", *PAGES)
    command.add_argument("--explain", action="store_true", help="show each term's share of the cost")


def _add_views(commands: Any) -> None:
    """Commands that look at finished results."""
    command = _add_with_result(commands, "render", "draw a result over its footage again")
    meaning = "the footage, if it was moved"
    command.add_argument("--video", metavar="FILE", type=Path, help=meaning)
    meaning = (
        "file of the drawing (default: in RESULT, named after style and layout, such as overlay_xray.mp4)"
    )
    command.add_argument("-o", "--output", metavar="FILE", type=Path, help=meaning)
    _add_settings(command, "view")

    command = _add_with_result(commands, "view", "open a result in the browser")
    meaning = "include the footage in the viewer, or leave it out"
    command.add_argument("--video", action=argparse.BooleanOptionalAction, help=meaning)
    command.add_argument("--rebuild", action="store_true", help="build the viewer again")
    command.add_argument("--print", action="store_true", help="print the path instead of opening it")

    meaning = "show what changed between results, and whether it is more than the error"
    command = _add(commands, "compare", meaning)
    meaning = "folders of finished results; the first is compared with each of the others"
    command.add_argument("sources", metavar="RESULT", type=Path, nargs="+", help=meaning)
    meaning = "folder for a page with the skeletons side by side and a table; FILE.csv writes the table alone"
    command.add_argument("-o", "--output", metavar="FOLDER", type=Path, help=meaning)

    command = _add_with_result(commands, "export", "write a result in the formats of other programs")
    meaning = "any of glb, rig, bvh, c3d, npz, or all of these; the keypoints as openpose or coco"
    command.add_argument("--format", metavar="NAME", nargs="+", required=True, dest="formats", help=meaning)


def _add_with_result(commands: Any, name: str, summary: str) -> argparse.ArgumentParser:
    command = _add(commands, name, summary)
    command.add_argument("source", metavar="RESULT", type=_named, help="folder of a finished result")
    return command


def _add_apps(commands: Any) -> None:
    """Commands that serve pages to the browser."""
    command = _add(
        commands, "live", "show the keypoints of a webcam's pictures in the browser as they arrive"
    )
    meaning = "number of the camera, from 0, or a video file in its place"
    command.add_argument("camera", metavar="CAMERA", nargs="?", default="0", help=meaning)
    command.add_argument("--port", type=int, default=8427, help="number of the port; 0 picks a free one")
    command.add_argument("--no-browser", action="store_true", help="print the address instead of opening it")
    _add_settings(command, "models", "pose2d", short="pose2d")

    command = _add(commands, "app", "open the web app on this computer")
    command.add_argument(
        "-o", "--output", metavar="DIR", type=Path, default=Path("pase-app"), help="folder of the jobs"
    )
    command.add_argument("--port", type=int, default=8426, help="number of the port; 0 picks a free one")
    command.add_argument(
        "--largest", metavar="MB", type=float, default=2000, help="largest video that is accepted"
    )
    command.add_argument("--no-browser", action="store_true", help="print the address instead of opening it")


def _add(commands: Any, name: str, summary: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=summary, description=summary[0].upper() + summary[1:] + "."
    )
    parser.set_defaults(command=name, parser=parser)
    return parser


def _add_output(parser: argparse.ArgumentParser, meaning: str, *, required: bool = True) -> None:
    parser.add_argument("-o", "--output", metavar="OUT", type=Path, required=required, help=meaning)
    parser.add_argument("--overwrite", action="store_true", help="replace an earlier result")


def _add_footage(parser: argparse.ArgumentParser) -> None:
    meaning = "footage of the keypoints, for times and picture size"
    parser.add_argument("--video", metavar="FILE", type=Path, help=meaning)
    meaning = "set of the keypoints, if the file does not name it, such as body25"
    parser.add_argument("--skeleton", metavar="NAME", help=meaning)


def _add_markers(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("markers", "for points in space instead of keypoints")
    group.add_argument("--model", metavar="OSIM", default="default", help="OpenSim model, or default")
    meaning = "halpe26, h36m17, theia, or a marker file (.xml, .json, .toml) (default: the model's own)"
    group.add_argument("--markers", metavar="SET", help=meaning)
    meaning = "estimate sizes and marker places, or keep the model's"
    group.add_argument("--scale", action=argparse.BooleanOptionalAction, default=True, help=meaning)
    group.add_argument("--static", metavar="TRC", type=Path, help="static trial, for the sizes")
    meaning = "marker weights (.json, .toml, or OpenSim's set-up of inverse kinematics)"
    group.add_argument("--weights", metavar="FILE", type=Path, help=meaning)
    meaning = "noise of the markers in mm (default: estimated from the data)"
    group.add_argument("--sigma", metavar="MM", type=float, help=meaning)
    axes = ("auto", "y", "z", "-y", "x", "-x", "-z")
    group.add_argument("--up", choices=axes, default="auto", help="axis that points up")
    group.add_argument("--mirrored", action="store_true", help="the axes are left-handed, as in Unity")
    meaning = "frames per second, in place of the file's own times"
    group.add_argument("--rate", metavar="HZ", type=float, help=meaning)
    meaning = "whose markers to use, if they are named subject:marker"
    group.add_argument("--subject", metavar="NAME", help=meaning)


def _add_settings(parser: argparse.ArgumentParser, *groups: str, short: str = "") -> None:
    """Flags of the named groups, or single settings; only those given come out, as text by dotted path.

    Those of the group `short` have their bare name as a second flag, as `--weights` for `--lift.weights`.
    """
    parser.add_argument(
        "--config", metavar="FILE", type=Path, help="settings from a TOML file; flags take precedence"
    )
    parser.set_defaults(groups=groups)
    sections: dict[str, argparse._ArgumentGroup] = {}
    for leaf in leaves(*groups):
        name = leaf.path.split(".")[0]
        if name not in sections:
            sections[name] = parser.add_argument_group(name, setting_groups()[name].__doc__)
        if leaf.kind is bool:
            action: dict[str, Any] = {"action": argparse.BooleanOptionalAction}
        else:
            action = {"metavar": _metavar(leaf)}
        meaning = leaf.doc.rstrip(".").replace("%", "%%")
        default = "" if leaf.default in (None, "") else f" (default: {leaf.default})"
        flags = [f"--{leaf.flag}", *([f"--{leaf.flag.removeprefix(f'{short}.')}"] if short else [])]
        sections[name].add_argument(
            *dict.fromkeys(flags), dest=leaf.path, default=argparse.SUPPRESS, help=meaning + default, **action
        )


def _metavar(leaf: Leaf) -> str:
    if typing.get_origin(leaf.kind) is Literal:
        return "|".join(typing.get_args(leaf.kind))
    unit = leaf.path.rsplit("_", 1)[-1]
    return unit.upper() if unit in ("m", "kg", "deg", "px", "s", "years") else "VALUE"


def _add_models(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True, parser_class=Parser)
    action = _add(actions, "list", "show the model files and whether they are here")
    _add_settings(action, "models")
    action = _add(actions, "fetch", "fetch model files and the demo clip")
    action.add_argument("names", metavar="NAME", nargs="*", help="names of the files (default: all)")
    _add_settings(action, "models")
    action = _add(actions, "path", "print where a model file is")
    action.add_argument("model", metavar="NAME", help="name of the file, as 'pase models list' shows it")
    _add_settings(action, "models")
