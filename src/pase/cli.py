"""The command line: parses, calls, prints. No logic."""

from __future__ import annotations

import argparse
import difflib
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pase
from pase.config import Leaf, Settings, leaves, make_settings, read_settings
from pase.errors import InputError, MissingDependencyError, PaseError

if TYPE_CHECKING:
    from pase.report import Report

Command = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments
        Words of the command line after `pase`; those of the process when None.

    Returns
    -------
    int
        0 done, 1 `doctor` found something missing, 2 bad input (one line on stderr), 130 stopped by the user.
    """
    logging.getLogger("pase").addHandler(logging.NullHandler())
    try:
        known = _parse(sys.argv[1:] if arguments is None else list(arguments))
        command: Command = known.command
        return command(known)
    except PaseError as error:
        print(f"pase: error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("pase: stopped; the same command goes on where it can", file=sys.stderr)
        return 130


class _Parser(argparse.ArgumentParser):
    """An argparse parser whose errors are PASE's: one line, no usage."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message}; see '{self.prog} --help'")


def _parse(words: list[str]) -> argparse.Namespace:
    parser = _make_parser()
    known, unknown = parser.parse_known_args(words)
    if unknown:
        flags = [name for action in known.parser._actions for name in action.option_strings]
        close = difflib.get_close_matches(unknown[0].split("=")[0], flags, 1)
        hint = f", did you mean '{close[0]}'" if close else ""
        raise InputError(f"unknown argument '{unknown[0]}'{hint}; see '{known.parser.prog} --help'")
    return known


def _make_parser() -> _Parser:
    parser = _Parser(prog="pase", description="Personalised anatomical skeletons in motion from one camera.")
    parser.add_argument("--version", action="version", version=pase.__version__)
    parser.set_defaults(parser=parser)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    one = _add(commands, "run", _run, "turn a video or photo into personalised skeletons in motion")
    help_text = "a video, a photo, or keypoints of another program"
    one.add_argument("source", metavar="VIDEO_OR_PHOTO", type=Path, help=help_text)
    _add_footage(one)
    _add_output(one, "folder of the result")
    _add_settings(one, "person", "camera", "models", "pose2d", "lift", "fit", "view", "output")
    one.add_argument(
        "--no-video", dest="output.film", action="store_false", default=argparse.SUPPRESS, help="as --no-film"
    )

    one = _add(commands, "pose2d", _pose2d, "find the 2D keypoints alone")
    one.add_argument("source", metavar="VIDEO_OR_PHOTO", type=Path)
    _add_output(one, "file of the keypoints, as keypoints.json")
    _add_settings(one, "models", "pose2d", short="pose2d")

    one = _add(commands, "lift", _lift, "find landmarks in space with a lifter alone")
    one.add_argument("source", metavar="SOURCE", type=Path, help=help_text)
    _add_footage(one)
    _add_output(one, "landmarks.trc (upright) or .npz (as the lifter gives them)")
    _add_settings(one, "models", "pose2d", "lift", short="lift")

    one = _add(commands, "fit", _fit, "fit skeletons to keypoints made before, or to markers")
    meaning = "keypoints of PASE or another program, markers (.trc), or 3D joints (JSON)"
    one.add_argument("source", metavar="KEYPOINTS_OR_MARKERS", type=Path, help=meaning)
    _add_footage(one)
    _add_markers(one)
    _add_output(one, "folder of the result")
    _add_settings(one, "person", "camera", "models", "lift", "fit")

    one.add_argument("--explain", action="store_true", help="show each term's share of the cost")

    _add_views(commands)
    _add_models(_add(commands, "models", None, "list, fetch or find the model files"))
    _add(commands, "doctor", _doctor, "show versions, what computes and draws, and what is missing")
    _add(commands, "version", _version, "show the version")
    return parser


def _add_views(commands: Any) -> None:
    """Commands that look at a finished result, and the app."""
    one = _add(commands, "render", _render, "draw a result over its footage again")
    one.add_argument("source", metavar="RESULT", type=Path, help="folder of a finished result")
    one.add_argument("--video", metavar="FILE", type=Path, help="the footage, when it is not where it was")
    _add_settings(one, "view")

    one = _add(commands, "view", _view, "open a result in the browser")
    one.add_argument("source", metavar="RESULT", type=Path, help="folder of a finished result")
    one.add_argument(
        "--video", action=argparse.BooleanOptionalAction, help="carry the footage inside, or not"
    )
    one.add_argument("--rebuild", action="store_true", help="make the viewer anew")
    one.add_argument("--print", action="store_true", help="print where it is, and open nothing")

    one = _add(commands, "export", _export, "write a result in the formats of other programs")
    one.add_argument("source", metavar="RESULT", type=Path, help="folder of a finished result")
    one.add_argument(
        "--format", metavar="NAME", nargs="+", required=True, dest="formats", help="glb, bvh, c3d, npz or all"
    )

    one = _add(commands, "app", _app, "open the web app, on this computer only")
    one.add_argument(
        "-o", "--output", metavar="DIR", type=Path, default=Path("pase-app"), help="folder of the jobs"
    )
    one.add_argument("--port", type=int, default=8426, help="0 takes a free one")
    one.add_argument("--largest", metavar="MB", type=float, default=2000, help="largest video that is taken")
    one.add_argument("--no-browser", action="store_true", help="print the address, and open nothing")


def _add(commands: Any, name: str, command: Command | None, summary: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=summary, description=summary[0].upper() + summary[1:] + "."
    )
    parser.set_defaults(command=command, parser=parser)
    return parser


def _add_output(parser: argparse.ArgumentParser, meaning: str) -> None:
    parser.add_argument("-o", "--output", metavar="OUT", type=Path, required=True, help=meaning)
    parser.add_argument("--overwrite", action="store_true", help="replace an earlier result")


def _add_footage(parser: argparse.ArgumentParser) -> None:
    meaning = "the keypoints' footage: tells times and picture size"
    parser.add_argument("--video", metavar="FILE", type=Path, help=meaning)
    meaning = "the keypoints' set, where the file does not tell, as body25"
    parser.add_argument("--skeleton", metavar="NAME", help=meaning)


def _add_markers(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("markers", "for points in space instead of keypoints")
    group.add_argument("--model", metavar="OSIM", default="default", help="OpenSim model, or default")
    meaning = "halpe26, h36m17, or a marker file (.xml, .json, .toml); the model's own by default"
    group.add_argument("--markers", metavar="SET", help=meaning)
    meaning = "estimate sizes and marker places, or keep the model's"
    group.add_argument("--scale", action=argparse.BooleanOptionalAction, default=True, help=meaning)
    group.add_argument("--static", metavar="TRC", type=Path, help="static trial, helps to tell the sizes")
    meaning = "marker weights (.json, .toml, or OpenSim's set-up of inverse kinematics)"
    group.add_argument("--weights", metavar="FILE", type=Path, help=meaning)
    meaning = "noise of the markers in mm; learned from them by default"
    group.add_argument("--sigma", metavar="MM", type=float, help=meaning)
    group.add_argument("--up", choices=("auto", "y", "z", "-y"), default="auto", help="axis that points up")
    group.add_argument("--rate", metavar="HZ", type=float, help="frames a second, for files without times")


def _add_settings(parser: argparse.ArgumentParser, *rooms: str, short: str = "") -> None:
    """Flags of every setting in the named groups; only those given come out, as text by dotted path.

    Those of the group `short` have their bare name as a second flag, as `--weights` for `--lift.weights`.
    """
    parser.add_argument(
        "--config", metavar="FILE", type=Path, help="settings from a TOML file; flags go first"
    )
    parser.set_defaults(rooms=rooms)
    for leaf in leaves(*rooms):
        if leaf.kind is bool:
            action: dict[str, Any] = {"action": argparse.BooleanOptionalAction}
        else:
            action = {"metavar": _metavar(leaf)}
        meaning = leaf.doc.rstrip(".").replace("%", "%%")
        shown = "" if leaf.default is None else f" (default: {leaf.default})"
        flags = [f"--{leaf.flag}", *([f"--{leaf.flag.removeprefix(f'{short}.')}"] if short else [])]
        parser.add_argument(
            *dict.fromkeys(flags), dest=leaf.path, default=argparse.SUPPRESS, help=meaning + shown, **action
        )


def _metavar(leaf: Leaf) -> str:
    unit = leaf.path.rsplit("_", 1)[-1]
    return unit.upper() if unit in ("m", "kg", "deg", "px", "s") else "VALUE"


def _add_models(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True, parser_class=_Parser)
    one = _add(actions, "list", _list_models, "show the model files and whether they are here")
    _add_settings(one, "models")
    one = _add(actions, "fetch", _fetch_models, "fetch model files and the demo clip")
    one.add_argument("names", metavar="NAME", nargs="*", help="all of them by default")
    _add_settings(one, "models")
    one = _add(actions, "path", _show_model_path, "print where a model file is")
    one.add_argument("model", metavar="NAME")
    _add_settings(one, "models")


def _settings(known: argparse.Namespace) -> Settings:
    values = {} if known.config is None else read_settings(known.config)
    return make_settings(values | {path: value for path, value in vars(known).items() if "." in path})


def _run(known: argparse.Namespace) -> int:
    from pase import pipeline

    settings = _settings(known)
    with _progress() as progress:
        report = pipeline.run(
            known.source,
            known.output,
            settings,
            video=known.video,
            skeleton=known.skeleton,
            overwrite=known.overwrite,
            progress=progress,
        )
    _print_summary(report, known.source, known.output)
    return 0


def _pose2d(known: argparse.Namespace) -> int:
    from pase import pipeline

    settings = _settings(known)
    with _progress() as progress:
        report = pipeline.pose2d(
            known.source, known.output, settings, overwrite=known.overwrite, progress=progress
        )
    _print_summary(report, known.source, known.output)
    return 0


def _lift(known: argparse.Namespace) -> int:
    from pase.lifting import lift

    settings = _settings(known)
    with _progress() as progress:
        report = lift(
            known.source,
            known.output,
            settings,
            video=known.video,
            skeleton=known.skeleton,
            overwrite=known.overwrite,
            progress=progress,
        )
    _print_summary(report, known.source, known.output)
    return 0


def _fit(known: argparse.Namespace) -> int:
    from pase import marker_run, pipeline

    settings = _settings(known)
    if marker_run.are_markers(known.source):
        return _fit_markers(known, settings)
    with _progress() as progress:
        report = pipeline.fit(
            known.source,
            known.output,
            settings,
            video=known.video,
            skeleton=known.skeleton,
            overwrite=known.overwrite,
            progress=progress,
        )
    _print_summary(report, known.source, known.output)
    if known.explain:
        for row in report.cost_table():
            print(row)
    return 0


def _fit_markers(known: argparse.Namespace, settings: Settings) -> int:
    from pase import marker_run

    run = marker_run.MarkerRun(
        known.model,
        known.markers,
        known.scale,
        known.static,
        known.weights,
        known.sigma,
        known.up,
        known.rate,
    )
    with _progress() as progress:
        report = marker_run.fit_marker_file(
            known.source, known.output, run, settings, overwrite=known.overwrite, progress=progress
        )
    _print_summary(report, known.source, known.output)
    print(f"markers  {report.persons[0]['details']['marker_rms_mm']:.1f} mm root mean square")
    return 0


def _render(known: argparse.Namespace) -> int:
    from pase import pipeline

    settings = _settings(known)
    with _progress() as progress:
        path = pipeline.render(known.source, known.video, settings, progress=progress)
    print(path if path is not None else f"{known.source} has no persons: nothing to draw")
    return 0


def _view(known: argparse.Namespace) -> int:
    import webbrowser

    from pase.views import viewer_of

    rebuild = known.rebuild or known.video is not None
    with _progress() as progress:
        path = viewer_of(known.source, rebuild=rebuild, video=known.video is not False, progress=progress)
    print(path)
    if not known.print and not webbrowser.open(path.resolve().as_uri()):
        print("no browser was found: open the file above by hand")
    return 0


def _export(known: argparse.Namespace) -> int:
    from pase.views import export

    for path in export(known.source, " ".join(known.formats)):
        print(path)
    return 0


def _app(known: argparse.Namespace) -> int:
    try:
        from pase.app.server import serve
    except ImportError as error:
        raise MissingDependencyError("the app needs two more packages: pip install 'pase[app]'") from error

    def show(address: str) -> None:
        print(f"PASE is at {address} until you press Ctrl+C", flush=True)

    serve(known.output, known.port, largest_mb=known.largest, show=show, browser=not known.no_browser)
    return 0


def _list_models(known: argparse.Namespace) -> int:
    from pase.doctor import model_table

    for row in model_table(_settings(known).models):
        print(row)
    return 0


def _fetch_models(known: argparse.Namespace) -> int:
    from pase.models import MODEL_FILES
    from pase.recording import fetch_models

    with _progress() as progress:
        paths = fetch_models(known.names or list(MODEL_FILES), _settings(known), progress)
    for path in paths:
        print(path)
    return 0


def _show_model_path(known: argparse.Namespace) -> int:
    from pase.models import model_path

    print(model_path(known.model, models_dir=_settings(known).models.folder, offline=True))
    return 0


def _doctor(known: argparse.Namespace) -> int:
    from pase.doctor import examine

    findings = examine()
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        print(f"{' ' if finding.good else '!'} {finding.name:<{width}}  {finding.value}")
    missing = [finding.name for finding in findings if not finding.good]
    print(f"missing: {', '.join(missing)}" if missing else "all is there")
    return 1 if missing else 0


def _version(known: argparse.Namespace) -> int:
    print(pase.__version__)
    return 0


def _print_summary(report: Report, source: Path, output: Path) -> None:
    """What a run did, on stdout."""
    if not report.persons:
        print(f"nobody was found in {source}: {output} holds no skeleton")
    else:
        print(f"result   {output}")
    print(f"persons  {len(report.persons)}   frames  {report.source['frames']}")
    stages = ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in report.seconds.items())
    taken_over = (
        f" (taken over from an interrupted run: {', '.join(report.resumed)})" if report.resumed else ""
    )
    print(f"seconds  {stages}{taken_over}")
    if report.mean_reprojection_error_px is not None:
        print(f"error    {report.mean_reprojection_error_px:.1f} px mean reprojection")
    for sentence in report.assumptions if report.persons else []:
        print(f"assumed  {sentence}")
    for sentence in report.warnings:
        print(f"warning  {sentence}")


def _progress() -> Any:
    from pase.bars import Bars

    return Bars()
