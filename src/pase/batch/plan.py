"""What a batch has to do: checked before any work, and compared with what is done already."""

from dataclasses import dataclass, replace
from pathlib import Path

from pase.batch.footage import BATCH
from pase.batch.study import Study, Trial
from pase.batch.trial import TrialJob
from pase.config import Settings, to_dict
from pase.errors import InputError, OutputError
from pase.files import output_errors, sha256_of
from pase.pipeline.workspace import LITTER, fingerprint, source_identity
from pase.version import __version__

TRIALS, SUBJECTS, NOTES = "trials", "subjects", ".batch"
"""Folders of a batch: results, sizes of the subjects, and notes of what is done."""

MEASURED = ("person", "camera", "pose2d", "lift", "fit")
"""Settings that the sizes depend on."""


@dataclass(frozen=True)
class Plan:
    """The trials of a batch, its output and its settings."""

    study: Study
    output: Path
    """Absolute path of the batch's folder."""
    settings: Settings
    overwrite: bool = False

    def measuring(self, trial: Trial) -> TrialJob:
        """The job that measures what a trial shows of its subject's sizes."""
        settings = self.settings_of(trial)
        rooms = {name: values for name, values in _identity(settings).items() if name in MEASURED}
        return self._job(trial, settings, f"{trial.name}.sizes.json", {"settings": rooms})

    def running(self, trial: Trial, sizes: Path | None = None) -> TrialJob:
        """The job that makes a trial's result, with the subject's sizes where they come from several trials."""
        settings = self.settings_of(trial, sizes)
        checksum = None if sizes is None else sha256_of(sizes)
        work: dict[str, object] = {"settings": _identity(settings), "sizes": checksum}
        return self._job(trial, settings, f"{trial.name}.json", work)

    def sizes(self, subject: str) -> Path:
        """Where the sizes of a subject are."""
        return self.output / SUBJECTS / f"{subject}.json"

    def result(self, trial: Trial) -> Path:
        """Folder of a trial's result."""
        return self.output / TRIALS / trial.name

    def settings_of(self, trial: Trial, sizes: Path | None = None) -> Settings:
        """The settings of a trial: height and mass in the table override those of the batch."""
        base = self.settings
        person = replace(
            base.person,
            height_m=base.person.height_m if trial.height_m is None else trial.height_m,
            mass_kg=base.person.mass_kg if trial.mass_kg is None else trial.mass_kg,
            sex=base.person.sex if trial.sex == "unknown" else trial.sex,
            age_years=base.person.age_years if trial.age_years is None else trial.age_years,
            without=trial.without or base.person.without,
            sizes=sizes,
        )
        analysis = replace(
            base.analysis,
            subject=base.analysis.subject or trial.subject,
            condition=base.analysis.condition or trial.condition,
        )
        return replace(base, person=person, analysis=analysis)

    def _job(self, trial: Trial, settings: Settings, note: str, work: dict[str, object]) -> TrialJob:
        try:
            identity: dict[str, object] = {"pase": __version__, "source": source_identity(trial.file)}
        except OSError as error:
            raise InputError(f"cannot read {trial.file}: {error.strerror or error}") from error
        return TrialJob(
            trial.name,
            trial.file.resolve(),
            self.result(trial),
            self.output / NOTES / note,
            settings,
            fingerprint(identity | work),
        )


def check_places(folder: Path, output: Path) -> Path:
    """Refuse, before any work, a place where a batch cannot or must not be put.

    Returns
    -------
    Path
        The absolute path of the batch's folder: new, empty, or that of an earlier batch.
    """
    output, folder = output.expanduser().resolve(), folder.resolve()
    if output.is_relative_to(folder):
        raise OutputError(f"{output} lies in the folder of the recordings: choose a folder outside {folder}")
    with output_errors(output, "use"):
        if output.exists() and not output.is_dir():
            raise OutputError(f"{output} is a file; name a folder for the results")
        names = [path.name for path in output.iterdir()] if output.exists() else []
    if BATCH not in names and set(names) - LITTER:
        raise OutputError(f"{output} holds files, but no batch of PASE: choose a new or an empty folder")
    return output


def check_settings(settings: Settings) -> None:
    """Refuse, before any work, settings with which every trial would fail; fetch the networks' files once."""
    from pase.pipeline.network_files import network_files
    from pase.pipeline.outputs import check_writing

    if settings.person.sizes is not None:
        raise InputError("a batch finds the sizes of each subject by itself: leave out --sizes")
    check_writing(settings, draw=settings.output.overlay)
    if settings.pose2d.backend == "rtmpose":
        network_files(settings)


def _identity(settings: Settings) -> dict[str, object]:
    """The settings without those that change no result, and without files whose contents are compared instead."""
    tree = to_dict(settings)
    tree["pose2d"].pop("threads")
    tree["person"].pop("sizes")
    for name in ("subject", "condition", "note"):
        tree["analysis"].pop(name)
    tree.pop("models")
    return dict(tree)
