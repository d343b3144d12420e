"""The command line: parses, calls, prints. No logic."""

from __future__ import annotations

import argparse
import io
import logging
import os
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    _print_any_name()
    try:
        known = parse(sys.argv[1:] if arguments is None else list(arguments))
        code = COMMANDS[known.command](known)
        if sys.stdout is not None:
            sys.stdout.flush()
        return code
    except PaseError as error:
        return _fail(str(error))
    except BrokenPipeError:
        # Python itself would fail once more when it flushes the closed pipe at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:
        # What no stage could foresee, as a disk that fills up while a temporary file is written.
        place = f": {error.filename}" if error.filename else ""
        return _fail(f"the system refuses: {error.strerror or error}{place}")
    except MemoryError:
        return _fail("there is not enough memory for this: close other programs, or make the input smaller")
    except KeyboardInterrupt:
        print("pase: stopped; the same command goes on where it can", file=sys.stderr)
        return 130


def _fail(message: str) -> int:
    """Say in one line why a command ends."""
    print(f"pase: error: {' '.join(message.split())}", file=sys.stderr)
    return 2


def _print_any_name() -> None:
    """Let names of files be printed that are no text, or none that the terminal can show."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _settings(known: argparse.Namespace) -> Settings:
    values = {} if known.config is None else read_settings(known.config)
    return make_settings(values | {path: value for path, value in vars(known).items() if "." in path})


def _run(known: argparse.Namespace) -> int:
    from pase import pipeline

    if known.source.is_dir() and not _are_keypoints(known.source):
        if known.video is not None or known.skeleton is not None:
            raise InputError("--video and --skeleton belong to keypoints; a folder of recordings has neither")
        return _batched(known)
    _reported(known, pipeline.run, _settings(known), video=known.video, skeleton=known.skeleton)
    return 0


def _are_keypoints(source: Path) -> bool:
    from pase.pose2d.readers import is_keypoint_file

    return is_keypoint_file(source)


def _batch(known: argparse.Namespace) -> int:
    return _batched(known, study=known.study, jobs=known.jobs, scheduler=known.scheduler)


def _batched(known: argparse.Namespace, **options: Any) -> int:
    from pase.batch.run import run_batch
    from pase.progress import BatchBars

    settings = _settings(known)
    with BatchBars(print) as bars:
        result = run_batch(
            known.source, known.output, settings, overwrite=known.overwrite, show=bars, **options
        )
    for sentence in result.notes:
        print(f"warning  {sentence}")
    print(f"result   {result.output}")
    print(f"trials   {len(result.entries)}   failed  {len(result.failed)}")
    return 1 if result.failed else 0


def _pose2d(known: argparse.Namespace) -> int:
    from pase import pipeline

    _reported(known, pipeline.pose2d, _settings(known))
    return 0


def _lift(known: argparse.Namespace) -> int:
    from pase.pipeline.lifting import lift

    _reported(known, lift, _settings(known), video=known.video, skeleton=known.skeleton)
    return 0


def _fit(known: argparse.Namespace) -> int:
    from pase import pipeline
    from pase.marker_files import is_marker_file

    settings = _settings(known)
    if is_marker_file(known.source):
        return _fit_markers(known, settings)
    report = _reported(known, pipeline.fit, settings, video=known.video, skeleton=known.skeleton)
    if known.explain:
        for row in report.cost_table():
            print(row)
    return 0


def _fit_markers(known: argparse.Namespace, settings: Settings) -> int:
    from pase.pipeline.markers import MarkerRun, fit_marker_file

    run = MarkerRun(
        known.model,
        known.markers,
        known.scale,
        known.static,
        known.weights,
        known.sigma,
        known.up,
        known.rate,
        known.subject,
    )
    report = _reported(known, fit_marker_file, run, settings)
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

    from pase.pipeline.results import viewer_of

    rebuild = known.rebuild or known.video is not None
    path = viewer_of(known.source, rebuild=rebuild, video=known.video is not False)
    print(path)
    if not known.print and not webbrowser.open(path.resolve().as_uri()):
        print("no browser was found: open the file above by hand")
    return 0


def _export(known: argparse.Namespace) -> int:
    from pase.pipeline.results import export

    for path in export(known.source, " ".join(known.formats)):
        print(path)
    return 0


def _app(known: argparse.Namespace) -> int:
    _require_server()
    from pase.app.server import serve

    serve(
        known.output, known.port, largest_mb=known.largest, show=_show_address, browser=not known.no_browser
    )
    return 0


def _live(known: argparse.Namespace) -> int:
    _require_server()
    from pase.app.live import serve_live

    shown = serve_live(
        known.camera, known.port, _settings(known), show=_show_address, browser=not known.no_browser
    )
    print(shown)
    return 0


def _require_server() -> None:
    if find_spec("starlette") is None or find_spec("uvicorn") is None:
        raise MissingDependencyError("the app needs two more packages: pip install 'pase[app]'")


def _show_address(address: str) -> None:
    print(f"PASE is at {address} until you press Ctrl+C", flush=True)


def _list_models(known: argparse.Namespace) -> int:
    from pase.doctor import model_table

    for row in model_table(_settings(known).models):
        print(row)
    return 0


def _fetch_models(known: argparse.Namespace) -> int:
    from pase.models import MODEL_FILES
    from pase.pipeline.recording import fetch_models

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
    print(__version__)
    return 0


def _reported(
    known: argparse.Namespace, stage: Callable[..., Report], *arguments: Any, **options: Any
) -> Report:
    """Run a stage with progress bars and print what it did."""
    with _progress() as progress:
        report = stage(
            known.source, known.output, *arguments, overwrite=known.overwrite, progress=progress, **options
        )
    _print_summary(report, known.source, known.output)
    return report


def _print_summary(report: Report, source: Path, output: Path) -> None:
    """What a run did, on stdout."""
    if not report.persons:
        print(f"nobody was found in {source}: {output} holds no skeleton")
    else:
        print(f"result   {output}")
    print(f"persons  {len(report.persons)}   frames  {report.source['frames']}")
    if len(report.persons) + len(report.left_out) > 1 and report.main_person:
        print(f"main     person 1: {report.main_person}")
    if report.left_out:
        print(f"left out {'; '.join(report.left_out_summary())} (each listed in report.json)")
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
    "app": _app,
    "live": _live,
    "list": _list_models,
    "fetch": _fetch_models,
    "path": _show_model_path,
}
