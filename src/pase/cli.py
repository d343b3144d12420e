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


def _settings(parsed: argparse.Namespace) -> Settings:
    values = {} if parsed.config is None else read_settings(parsed.config)
    return make_settings(values | {path: value for path, value in vars(parsed).items() if "." in path})


def _run(parsed: argparse.Namespace) -> int:
    from pase import pipeline
    from pase.marker_files import is_marker_file
    from pase.pose2d.readers import is_keypoint_file

    as_film = _settings(parsed).footage.as_film
    if parsed.source.is_dir() and not as_film and not is_keypoint_file(parsed.source):
        if parsed.video is not None or parsed.skeleton is not None:
            raise InputError("--video and --skeleton belong to keypoints; a folder of recordings has neither")
        return _batch(parsed)
    if is_marker_file(parsed.source):
        raise InputError(f"{parsed.source} holds markers in space: give it to 'pase fit'")
    _reported(parsed, pipeline.run, _settings(parsed), video=parsed.video, skeleton=parsed.skeleton)
    return 0


def _batch(parsed: argparse.Namespace) -> int:
    """Do the trials of a folder, which `run` can be given as well as `batch`."""
    from pase.batch.run import BatchOptions, run_batch
    from pase.progress import BatchBars

    names = ("study", "jobs", "scheduler", "overwrite")
    options = BatchOptions(**{name: value for name, value in vars(parsed).items() if name in names})
    with BatchBars(print) as bars:
        result = run_batch(parsed.source, parsed.output, _settings(parsed), options, show=bars)
    for sentence in result.notes:
        print(f"warning  {sentence}")
    print(f"result   {result.output}")
    print(f"trials   {len(result.entries)}   failed  {len(result.failed)}")
    return 1 if result.failed else 0


def _pose2d(parsed: argparse.Namespace) -> int:
    from pase import pipeline

    _reported(parsed, pipeline.pose2d, _settings(parsed), kind=parsed.format)
    return 0


def _lift(parsed: argparse.Namespace) -> int:
    from pase.pipeline.lifting import lift

    _reported(parsed, lift, _settings(parsed), video=parsed.video, skeleton=parsed.skeleton)
    return 0


def _fit(parsed: argparse.Namespace) -> int:
    from pase import pipeline
    from pase.marker_files import is_marker_file
    from pase.media import is_footage

    settings = _settings(parsed)
    if is_marker_file(parsed.source):
        return _fit_markers(parsed, settings)
    _refuse_of_markers(parsed)
    if parsed.source.is_file() and is_footage(parsed.source):
        raise InputError(f"{parsed.source} is a video or photo: give it to 'pase run'")
    if parsed.rate is not None:
        settings = make_settings({"footage.rate_hz": parsed.rate}, settings)
    report = _reported(parsed, pipeline.fit, settings, video=parsed.video, skeleton=parsed.skeleton)
    if parsed.explain:
        for row in report.cost_table():
            print(row)
    return 0


def _refuse_of_markers(parsed: argparse.Namespace) -> None:
    """Refuse options for markers where there are keypoints of a picture, which have the default skeleton."""
    usual = {
        "model": "default", "markers": None, "scale": True, "static": None, "weights": None, "sigma": None,
        "up": "auto", "mirrored": False, "subject": None,
    }  # fmt: skip
    options = ", ".join(f"--{name}" for name, value in usual.items() if getattr(parsed, name) != value)
    if options and parsed.source.exists():
        options = options.replace("--scale", "--no-scale")
        raise InputError(f"{options}: for points in space alone, and {parsed.source} holds none")


def _fit_markers(parsed: argparse.Namespace, settings: Settings) -> int:
    from pase.fit.markers import MarkerOptions
    from pase.fit.markers.weights import read_marker_weights
    from pase.pipeline.markers import MarkerFiles, fit_marker_file

    if parsed.video is not None or parsed.skeleton is not None or parsed.explain:
        raise InputError(
            f"--video, --skeleton and --explain are for keypoints; {parsed.source} holds markers"
        )
    files = MarkerFiles(parsed.model, parsed.markers, parsed.static, parsed.rate)
    options = MarkerOptions(
        scale=parsed.scale,
        weights=None if parsed.weights is None else read_marker_weights(parsed.weights),
        sigma_m=None if parsed.sigma is None else parsed.sigma / 1000,
        up=parsed.up,
        mirrored=parsed.mirrored,
        subject=parsed.subject,
    )
    report = _reported(parsed, fit_marker_file, files, options, settings)
    print(f"markers  {report.persons[0]['details']['marker_rms_mm']:.1f} mm root mean square")
    return 0


def _render(parsed: argparse.Namespace) -> int:
    from pase import pipeline

    settings = _settings(parsed)
    with _progress() as progress:
        path = pipeline.render(parsed.source, parsed.video, settings, parsed.output, progress=progress)
    print(path if path is not None else f"{parsed.source} has no persons: nothing to draw")
    return 0


def _view(parsed: argparse.Namespace) -> int:
    import webbrowser

    from pase.pipeline.results import viewer_of

    rebuild = parsed.rebuild or parsed.video is not None
    path = viewer_of(parsed.source, rebuild=rebuild, video=parsed.video is not False)
    print(path)
    if not parsed.print and not webbrowser.open(path.resolve().as_uri()):
        print("no browser was found: open the file above by hand")
    return 0


def _compare(arguments: argparse.Namespace) -> int:
    from pase.pipeline.comparing import compare_results

    for line in compare_results(arguments.sources, arguments.output):
        print(line)
    return 0


def _export(parsed: argparse.Namespace) -> int:
    from pase.pipeline.results import export

    paths = export(parsed.source, " ".join(parsed.formats))
    for path in paths:
        print(path)
    if not paths:
        print(f"{parsed.source} has no persons: nothing to export")
    return 0


def _app(parsed: argparse.Namespace) -> int:
    _require_server()
    from pase.app.server import serve

    serve(
        parsed.output,
        parsed.port,
        largest_mb=parsed.largest,
        show=_show_address,
        browser=not parsed.no_browser,
    )
    return 0


def _live(parsed: argparse.Namespace) -> int:
    _require_server()
    from pase.app.live import serve_live

    summary = serve_live(
        parsed.camera, parsed.port, _settings(parsed), show=_show_address, browser=not parsed.no_browser
    )
    print(summary)
    return 0


def _require_server() -> None:
    if find_spec("starlette") is None or find_spec("uvicorn") is None:
        raise MissingDependencyError("the app needs two more packages: pip install 'pase-skeleton[app]'")


def _show_address(address: str) -> None:
    print(f"PASE is at {address} until you press Ctrl+C", flush=True)


def _list_models(parsed: argparse.Namespace) -> int:
    from pase.doctor import model_table

    for row in model_table(_settings(parsed).models):
        print(row)
    return 0


def _fetch_models(parsed: argparse.Namespace) -> int:
    from pase.models import MODEL_FILES
    from pase.pipeline.network_files import fetch_models

    with _progress() as progress:
        paths = fetch_models(parsed.names or list(MODEL_FILES), _settings(parsed), progress)
    for path in paths:
        print(path)
    return 0


def _show_model_path(parsed: argparse.Namespace) -> int:
    from pase.models import model_path

    print(model_path(parsed.model, models_dir=_settings(parsed).models.folder, offline=True))
    return 0


def _doctor(parsed: argparse.Namespace) -> int:
    from pase.doctor import examine

    findings = examine()
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        print(f"{' ' if finding.good else '!'} {finding.name:<{width}}  {finding.value}")
    missing = [finding.name for finding in findings if not finding.good]
    print(f"missing: {', '.join(missing)}" if missing else "nothing has to be installed")
    return 1 if missing else 0


def _version(parsed: argparse.Namespace) -> int:
    print(__version__)
    return 0


def _reported(
    parsed: argparse.Namespace, stage: Callable[..., Report], *arguments: Any, **options: Any
) -> Report:
    """Run a stage with progress bars and print what it did."""
    from pase.pipeline.report import summary_lines

    with _progress() as progress:
        report = stage(
            parsed.source, parsed.output, *arguments, overwrite=parsed.overwrite, progress=progress, **options
        )
    for line in summary_lines(report, parsed.source, parsed.output):
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
