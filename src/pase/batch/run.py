"""A batch from its folder to its tables: sends jobs, keeps the state of every trial, goes on where it stopped."""

import json
import logging
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pase.batch.footage import BATCH
from pase.batch.plan import NOTES, SUBJECTS, TRIALS, Plan, check_places, check_settings
from pase.batch.status import BatchResult, Entry, study_trial
from pase.batch.study import Trial, by_subject, read_study
from pase.batch.summary import study_measures, write_batch_workbook, write_bones, write_summary
from pase.batch.trial import measure_trial, one_line, run_trial
from pase.batch.workers import Outcome, Processes, Work, Workers, suggested_jobs
from pase.config import Settings, to_dict
from pase.cores import usable_cores
from pase.errors import InputError, PaseError
from pase.files import ANOTHER_FOLDER, output_errors, write_text
from pase.formats.findings import TrialLabels, write_measures_csv
from pase.pipeline.estimating import facts_of
from pase.pipeline.lock import folder_lock
from pase.pipeline.workspace import REPORT
from pase.version import __version__
from pase.view.study import write_study_page

log = logging.getLogger(__name__)

SUMMARY, BONES, MEASURES, LOG, PAGE = "summary.csv", "bones.csv", "measures.csv", "batch.log", "index.html"
WORKBOOK = "tables.xlsx"


class Show(Protocol):
    """Takes news of a batch, from several threads."""

    def begin(self, trials: int) -> None:
        """Take the number of trials."""
        ...

    def step(self, trial: str, step: str, done: int, total: int | None) -> None:
        """Take the step of a trial, and how many of its units are done; `total` is None where unknown."""
        ...

    def end(self, trial: str, line: str) -> None:
        """Take the line that says how a trial has ended; one that stands for no trial says what waits."""
        ...


@dataclass(frozen=True)
class BatchOptions:
    """Which trials a batch does, and where."""

    study: Path | None = None
    """The study's table; `study.toml` or `study.csv` in the folder when None, if there is one."""
    jobs: int | None = None
    """Trials at once; as many as there are processors and memory for when None."""
    scheduler: str | None = None
    """Address of a Dask scheduler whose workers do the trials; processes of this computer when None."""
    overwrite: bool = False


def run_batch(
    folder: str | Path,
    output: str | Path,
    settings: Settings | None = None,
    options: BatchOptions | None = None,
    *,
    show: Show | None = None,
) -> BatchResult:
    """Turn every recording of a folder into a result, with one skeleton for all trials of a subject.

    A batch that was interrupted, or whose folder has grown, goes on: only what is missing or has changed is
    done. A trial that fails never stops the others.

    Parameters
    ----------
    folder
        Folder of videos and photos.
    output
        Folder of the batch; see `docs/batch.md` for what it holds.
    settings
        Settings of every trial; height and mass of the table go before those in them.
    options
        Which trials are done, and where; all of them, here, when None.
    show
        Takes the news of how it goes on; nobody when None.

    Raises
    ------
    PaseError
        Before any work, when the folder, the table or the settings cannot be used.
    """
    settings, options, folder = settings or Settings(), options or BatchOptions(), Path(folder)
    if options.jobs is not None and options.jobs < 1:
        raise InputError(f"jobs must be at least 1, not {options.jobs}")
    if options.jobs is not None and options.scheduler is not None:
        raise InputError(
            "--jobs is for this computer; a scheduler's workers say by themselves how many they are"
        )
    study = read_study(folder, options.study)
    place = check_places(folder, Path(output))
    check_settings(settings)
    with ExitStack() as stack:
        workers = stack.enter_context(_workers(len(study.trials), options, show))
        _make_folders(place)
        stack.enter_context(folder_lock(place / NOTES / "lock", place))
        stack.enter_context(_log_file(place / LOG))
        return _Batch(Plan(study, place, settings, options.overwrite), workers, show).run()


def _workers(trials: int, options: BatchOptions, show: Show | None) -> Workers:
    """Where the jobs are done."""
    if options.scheduler is not None:
        from pase.batch.cluster import Cluster

        return Cluster(options.scheduler)
    cores = usable_cores()
    count = min(options.jobs or suggested_jobs(trials, cores), trials)
    return Processes(count, max(1, cores // count), _quiet if show is None else show.step)


class _Batch:
    """The state of a batch while it runs."""

    def __init__(self, plan: Plan, workers: Workers, show: Show | None) -> None:
        self._plan, self._workers, self._show = plan, workers, show
        self._entries = {trial.name: Entry(trial) for trial in plan.study.trials}
        self._subjects = by_subject(plan.study.trials)
        self._unmeasured: dict[str, set[str]] = {}
        self._running: dict[Future[Outcome], tuple[Work, Trial]] = {}

    def run(self) -> BatchResult:
        """Do all jobs, and write the tables even after an error."""
        if self._show is not None:
            self._show.begin(len(self._entries))
        for note in self._plan.study.notes:
            log.warning(note)
        try:
            for subject in self._subjects:
                self._begin(subject)
            while self._running:
                ended, _ = wait(self._running, return_when=FIRST_COMPLETED)
                for future in ended:
                    self._take(*self._running.pop(future), _outcome(future))
        except KeyboardInterrupt:
            self._name_waiting()
            raise
        finally:
            self._write()
        return BatchResult(self._plan.output, tuple(self._entries.values()), self._plan.study.notes)

    def _begin(self, subject: str) -> None:
        """Send the first jobs of a subject's trials; one trial alone needs no measuring beforehand."""
        trials = self._subjects[subject]
        if len(trials) == 1:
            self._send(run_trial, trials[0])
            return
        self._unmeasured[subject] = {trial.name for trial in trials}
        for trial in trials:
            self._send(measure_trial, trial)

    def _send(self, work: Work, trial: Trial, sizes: Path | None = None) -> None:
        """Send a job, unless it is done already."""
        measuring = work is measure_trial
        try:
            job = self._plan.measuring(trial) if measuring else self._plan.running(trial, sizes)
        except PaseError as error:
            self._take(work, trial, Outcome(error=one_line(error)))
            return
        earlier = None if self._plan.overwrite else job.earlier_result()
        if earlier is not None and (measuring or (job.output / REPORT).is_file()):
            self._entries[trial.name].kept = True
            self._take(work, trial, Outcome(earlier))
        else:
            self._entries[trial.name].kept = False
            self._running[self._workers.submit(work, job)] = work, trial

    def _take(self, work: Work, trial: Trial, outcome: Outcome) -> None:
        """Note what became of a job, and send what had to wait for it."""
        entry, result = self._entries[trial.name], outcome.result
        entry.seconds += result.get("seconds", 0.0)
        if outcome.error:
            entry.state, entry.error, entry.trace = "failed", outcome.error, outcome.trace
        elif work is run_trial:
            entry.state, entry.figures = "done", result["figures"]
        else:
            entry.evidence = result["evidence"]
        if entry.state != "waiting":
            self._end(entry)
        if work is measure_trial:
            unmeasured = self._unmeasured[trial.subject]
            unmeasured.discard(trial.name)
            if not unmeasured:
                self._share(trial.subject)

    def _share(self, subject: str) -> None:
        """Estimate the sizes of a subject from all its trials, and run the trials with these sizes."""
        from pase.fit.evidence import Evidence
        from pase.fit.sizes import combined_sizes, write_sizes

        entries = [self._entries[trial.name] for trial in self._subjects[subject]]
        measured = [entry for entry in entries if entry.state != "failed"]
        evidence = [Evidence.of(entry.evidence) for entry in measured if entry.evidence is not None]
        person = self._plan.settings_of(entries[0].trial).person
        sizes = combined_sizes(evidence, facts_of(person))
        path = self._plan.sizes(subject)
        write_sizes(sizes, path)
        for entry in measured:
            self._send(run_trial, entry.trial, path)

    def _name_waiting(self) -> None:
        """Name the trials that no call has ended yet, after the user stopped the batch."""
        waiting = [name for name, entry in self._entries.items() if entry.state == "waiting"]
        line = f"{len(waiting)} of {len(self._entries)} trials wait for the next call: {', '.join(waiting)}"
        log.warning(line)
        if self._show is not None:
            self._show.end("", line)

    def _end(self, entry: Entry) -> None:
        """Report that a trial has ended."""
        line = entry.line()
        log.log(logging.WARNING if entry.error else logging.INFO, line)
        if self._show is not None:
            self._show.end(entry.trial.name, line)
        self._note()

    def _note(self) -> None:
        content = {
            "pase": __version__,
            "table": None if self._plan.study.table is None else str(self._plan.study.table),
            "settings": to_dict(self._plan.settings),
            "notes": list(self._plan.study.notes),
            "trials": [entry.content() for entry in self._entries.values()],
        }
        write_text(self._plan.output / BATCH, json.dumps(content, indent=2, ensure_ascii=False) + "\n")

    def _write(self) -> None:
        """Write the states and the tables of what is done so far."""
        self._note()
        summary = [entry.row() for entry in self._entries.values()]
        write_summary(self._plan.output / SUMMARY, summary)
        bones: dict[str, Path] = {}
        for entry in self._entries.values():
            if entry.state == "done" and entry.figures.get("persons"):
                bones.setdefault(entry.trial.subject, self._plan.result(entry.trial) / "person_1")
        write_bones(self._plan.output / BONES, bones)
        trials_done = [entry.trial for entry in self._entries.values() if entry.state == "done"]
        labelled = ((TrialLabels(t.subject, t.name, t.condition), self._plan.result(t)) for t in trials_done)
        rows = study_measures(labelled)
        output = self._plan.output
        write_measures_csv((row for table in rows.values() for row in table), output / MEASURES)
        write_batch_workbook(output / WORKBOOK, summary, rows)
        trials = [study_trial(entry, output, rows.get(name, [])) for name, entry in self._entries.items()]
        write_study_page(trials, output / PAGE, title=output.resolve().name)


def _outcome(future: Future[Outcome]) -> Outcome:
    try:
        return future.result()
    except PaseError as error:
        return Outcome(error=f"{one_line(error)}; with fewer --jobs each has more memory")
    except Exception as error:  # noqa: BLE001 - whatever a scheduler raises, the other trials go on
        return Outcome(error=f"its worker failed ({one_line(error)})")


def _quiet(trial: str, step: str, done: int, total: int | None) -> None:
    """Ignore the progress."""


def _make_folders(output: Path) -> None:
    with output_errors(output, "write to", ANOTHER_FOLDER):
        for name in (NOTES, TRIALS, SUBJECTS):
            (output / name).mkdir(parents=True, exist_ok=True)
        if not (output / BATCH).exists():
            write_text(output / BATCH, "{}\n")


@contextmanager
def _log_file(path: Path) -> Iterator[None]:
    """Append what PASE logs inside the block to a file."""
    logger = logging.getLogger("pase")
    with output_errors(path):
        handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    before = logger.level
    logger.setLevel(min(before or logging.INFO, logging.INFO))
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
        handler.close()
