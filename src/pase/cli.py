"""The command line: parses, calls, prints. No logic."""

from __future__ import annotations

import argparse
import io
import logging
import os
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NoReturn

from pase.cli_parser import parse
from pase.config import Settings, make_settings, read_settings
from pase.errors import InputError, MissingDependencyError, PaseError
from pase.memory import look_for_cycles_seldom
from pase.version import __version__

if TYPE_CHECKING:
    from pase.pipeline.report import Report

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
        0 done; 1 `doctor` found something missing, or some trials of a batch failed; 2 bad input (one line on
        stderr); 130 stopped by the user; 141 nobody reads the output any more.
    """
    logging.getLogger("pase").addHandler(logging.NullHandler())
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Names of files are printed that are not text, or that the terminal cannot show.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        parsed = parse(sys.argv[1:] if arguments is None else list(arguments))
        code = COMMANDS[parsed.command](parsed)
        if sys.stdout is not None:
            sys.stdout.flush()
        return code
    except PaseError as error:
        return _fail(str(error))
    except BrokenPipeError:
        _flush_or_drop()
        return 141
    except OSError as error:
        # What no stage could foresee, as a disk that fills up while a temporary file is written.
        place = f": {error.filename}" if error.filename else ""
        _flush_or_drop()
        return _fail(f"the system refuses: {error.strerror or error}{place}")
    except MemoryError:
        return _fail("there is not enough memory for this: close other programs, or make the input smaller")
    except KeyboardInterrupt:
        return _stopped()
    except ImportError as error:
        # Ctrl+C while a compiled module is loaded comes as its failure.
        if isinstance(error.__cause__ or error.__context__, KeyboardInterrupt):
            return _stopped()
        raise


def command() -> NoReturn:
    """The program `pase`. It ends at once: to take apart all that was imported takes a fifth of a second."""
    look_for_cycles_seldom()
    code = main()
    _flush_or_drop()
    os._exit(code)


def _flush_or_drop() -> None:
    """Drop the output where it cannot be written: Python itself would fail once more when it ends and flushes it."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _stopped() -> int:
    """Say what Ctrl+C leaves behind."""
    print("pase: stopped; the same command goes on where it can", file=sys.stderr)
    return 130


def _fail(message: str) -> int:
    """Say in one line why a command ends."""
    print(f"pase: error: {' '.join(message.split())}", file=sys.stderr)
    return 2


def _settings(arguments: argparse.Namespace) -> Settings:
    values = {} if arguments.config is None else read_settings(arguments.config)
    return make_settings(values | {path: value for path, value in vars(arguments).items() if "." in path})


def _run(arguments: argparse.Namespace) -> int:
    from pase import pipeline
    from pase.marker_files import is_marker_file
    from pase.pose2d.readers import is_keypoint_file

    as_film = _settings(arguments).footage.as_film
    if arguments.source.is_dir() and not as_film and not is_keypoint_file(arguments.source):
        if arguments.video is not None or arguments.skeleton is not None:
            raise InputError("--video and --skeleton belong to keypoints; a folder of recordings has neither")
        return _batch(arguments)
    if is_marker_file(arguments.source):
        raise InputError(f"{arguments.source} holds markers in space: give it to 'pase fit'")
    _reported(
        arguments, pipeline.run, _settings(arguments), video=arguments.video, skeleton=arguments.skeleton
    )
    return 0


def _batch(arguments: argparse.Namespace) -> int:
    """Do the trials of a folder, which `run` can be given as well as `batch`."""
    from pase.batch.run import BatchOptions, run_batch
    from pase.progress import BatchBars

    names = ("study", "jobs", "scheduler", "overwrite")
    options = BatchOptions(**{name: value for name, value in vars(arguments).items() if name in names})
    with BatchBars(print) as bars:
        result = run_batch(arguments.source, arguments.output, _settings(arguments), options, show=bars)
    for sentence in result.notes:
        print(f"warning  {sentence}")
    print(f"result   {result.output}")
    print(f"trials   {len(result.entries)}   failed  {len(result.failed)}")
    return 1 if result.failed else 0


def _pose2d(arguments: argparse.Namespace) -> int:
    from pase import pipeline

    _reported(arguments, pipeline.pose2d, _settings(arguments), kind=arguments.format)
    return 0


def _lift(arguments: argparse.Namespace) -> int:
    from pase.pipeline.lifting import lift

    _reported(arguments, lift, _settings(arguments), video=arguments.video, skeleton=arguments.skeleton)
    return 0


def _fit(arguments: argparse.Namespace) -> int:
    from pase import pipeline
    from pase.marker_files import is_marker_file
    from pase.media import is_footage

    settings = _settings(arguments)
    if is_marker_file(arguments.source):
        return _fit_markers(arguments, settings)
    _refuse_of_markers(arguments)
    if arguments.source.is_file() and is_footage(arguments.source):
        raise InputError(f"{arguments.source} is a video or photo: give it to 'pase run'")
    if arguments.rate is not None:
        settings = make_settings({"footage.rate_hz": arguments.rate}, settings)
    report = _reported(arguments, pipeline.fit, settings, video=arguments.video, skeleton=arguments.skeleton)
    if arguments.explain:
        for row in report.cost_table():
            print(row)
    return 0


def _refuse_of_markers(arguments: argparse.Namespace) -> None:
    """Refuse options for markers where there are keypoints of a picture, which have the default skeleton."""
    usual = {
        "model": "default", "markers": None, "scale": True, "static": None, "weights": None, "sigma": None,
        "up": "auto", "mirrored": False, "subject": None,
    }  # fmt: skip
    options = ", ".join(f"--{name}" for name, value in usual.items() if getattr(arguments, name) != value)
    if options and arguments.source.exists():
        options = options.replace("--scale", "--no-scale")
        raise InputError(f"{options}: for points in space alone, and {arguments.source} holds none")


def _fit_markers(arguments: argparse.Namespace, settings: Settings) -> int:
    from pase.fit.markers import MarkerOptions
    from pase.fit.markers.weights import read_marker_weights
    from pase.pipeline.markers import MarkerFiles, fit_marker_file

    if arguments.video is not None or arguments.skeleton is not None or arguments.explain:
        raise InputError(
            f"--video, --skeleton and --explain are for keypoints; {arguments.source} holds markers"
        )
    files = MarkerFiles(arguments.model, arguments.markers, arguments.static, arguments.rate)
    options = MarkerOptions(
        scale=arguments.scale,
        weights=None if arguments.weights is None else read_marker_weights(arguments.weights),
        sigma_m=None if arguments.sigma is None else arguments.sigma / 1000,
        up=arguments.up,
        mirrored=arguments.mirrored,
        subject=arguments.subject,
    )
    report = _reported(arguments, fit_marker_file, files, options, settings)
    print(f"markers  {report.persons[0]['details']['marker_rms_mm']:.1f} mm root mean square")
    return 0


def _render(arguments: argparse.Namespace) -> int:
    from pase import pipeline

    settings = _settings(arguments)
    with _progress() as progress:
        path = pipeline.render(
            arguments.source, arguments.video, settings, arguments.output, progress=progress
        )
    print(path if path is not None else f"{arguments.source} has no persons: nothing to draw")
    return 0


def _view(arguments: argparse.Namespace) -> int:
    import webbrowser

    from pase.pipeline.results import viewer_of

    rebuild = arguments.rebuild or arguments.video is not None
    path = viewer_of(arguments.source, rebuild=rebuild, video=arguments.video is not False)
    print(path)
    if not arguments.print and not webbrowser.open(path.resolve().as_uri()):
        print("no browser was found: open the file above by hand")
    return 0


def _compare(arguments: argparse.Namespace) -> int:
    from pase.pipeline.comparing import compare_results

    for line in compare_results(arguments.sources, arguments.output):
        print(line)
    return 0


def _export(arguments: argparse.Namespace) -> int:
    from pase.pipeline.results import export

    paths = export(arguments.source, " ".join(arguments.formats))
    for path in paths:
        print(path)
    if not paths:
        print(f"{arguments.source} has no persons: nothing to export")
    return 0


def _app(arguments: argparse.Namespace) -> int:
    _require_server()
    from pase.app.server import serve

    serve(
        arguments.output,
        arguments.port,
        largest_mb=arguments.largest,
        show=_show_address,
        browser=not arguments.no_browser,
    )
    return 0


def _live(arguments: argparse.Namespace) -> int:
    _require_server()
    from pase.app.live import serve_live

    summary = serve_live(
        arguments.camera,
        arguments.port,
        _settings(arguments),
        show=_show_address,
        browser=not arguments.no_browser,
    )
    print(summary)
    return 0


def _require_server() -> None:
    if find_spec("starlette") is None or find_spec("uvicorn") is None:
        raise MissingDependencyError("the app needs two more packages: pip install 'pase-skeleton[app]'")


def _show_address(address: str) -> None:
    print(f"PASE is at {address} until you press Ctrl+C", flush=True)


def _list_models(arguments: argparse.Namespace) -> int:
    from pase.doctor import model_table

    for row in model_table(_settings(arguments).models):
        print(row)
    return 0


def _fetch_models(arguments: argparse.Namespace) -> int:
    from pase.models import MODEL_FILES
    from pase.pipeline.network_files import fetch_models

    with _progress() as progress:
        paths = fetch_models(arguments.names or list(MODEL_FILES), _settings(arguments), progress)
    for path in paths:
        print(path)
    return 0


def _show_model_path(arguments: argparse.Namespace) -> int:
    from pase.models import model_path

    print(model_path(arguments.model, models_dir=_settings(arguments).models.folder, offline=True))
    return 0


def _doctor(arguments: argparse.Namespace) -> int:
    from pase.doctor import examine

    findings = examine()
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        print(f"{' ' if finding.good else '!'} {finding.name:<{width}}  {finding.value}")
    missing = [finding.name for finding in findings if not finding.good]
    print(f"missing: {', '.join(missing)}" if missing else "nothing has to be installed")
    return 1 if missing else 0


def _version(arguments: argparse.Namespace) -> int:
    print(__version__)
    return 0


def _reported(
    arguments: argparse.Namespace, stage: Callable[..., Report], *inputs: Any, **options: Any
) -> Report:
    """Run a stage with progress bars and print what it did."""
    from pase.pipeline.report import summary_lines

    with _progress() as progress:
        report = stage(
            arguments.source,
            arguments.output,
            *inputs,
            overwrite=arguments.overwrite,
            progress=progress,
            **options,
        )
    for line in summary_lines(report, arguments.source, arguments.output):
        print(line)
    return report


def _progress() -> Any:
    from pase.progress import Bars

    return Bars()


COMMANDS: dict[str, Command] = {
    "run": _run,
    "batch": _batch,
    "pose2d": _pose2d,
    "lift": _lift,
    "fit": _fit,
    "doctor": _doctor,
    "version": _version,
    "render": _render,
    "view": _view,
    "export": _export,
    "compare": _compare,
    "app": _app,
    "live": _live,
    "list": _list_models,
    "fetch": _fetch_models,
    "path": _show_model_path,
}
