"""Every setting of PASE: one tree of dataclasses from which come the defaults, TOML, CLI flags and docs."""

import difflib
import re
import typing
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

from pase.errors import InputError
from pase.files import read_toml
from pase.movements import NamedMovement
from pase.setting import Leaf, SettingsGroup, convert, field_docs, setting

Sex = Literal["unknown", "female", "male"]
Style = Literal["bones", "xray", "lines"]
Layout = Literal["over", "beside", "alone"]

_PERSON = re.compile(r"all|main|[1-9]\d{0,5}|\d{1,6}(\.\d+)?\s*,\s*\d{1,6}(\.\d+)?")
_EVERY = re.compile(r"auto|all|\d{1,3}(\.\d+)?")
_BELT_SPEED = re.compile(r"auto|off|\d{1,2}(\.\d+)?")


@dataclass(frozen=True)
class PersonSettings(SettingsGroup):
    """Facts about the person."""

    name: ClassVar[str] = "person"

    height_m: float | None = setting(None, flag="height")
    """Standing height of the main person in metres, such as 1.75; without it an average height is assumed."""
    mass_kg: float | None = setting(None, flag="mass")
    """Body mass of the main person in kilograms; determines how wide and deep the body is for its height,
    and the masses of its model."""
    sex: Sex = setting("unknown", flag="sex")
    """Sex of the main person; affects the widths of hips and shoulders, and the assumed height if none is given."""
    age_years: float | None = setting(None, low=0.0, high=120.0, flag="age")
    """Age of the main person in years: affects a child's proportions, and the assumed height if none is given."""
    sizes: Path | None = setting(None, flag="sizes")
    """Sizes of the main person from a batch, such as OUT/subjects/anna.json; they are not estimated again."""
    without: str = setting("", flag="without")
    """Missing limbs of the main person, separated by commas: left_ or right_ and leg, shank, foot, arm or forearm."""

    def __post_init__(self) -> None:
        height, mass = self.height_m, self.mass_kg
        if height is not None and not 0.5 <= height <= 2.6:
            centimetres = f"; did you mean {height / 100:g}?" if 50 <= height <= 260 else ""
            raise InputError(f"height must be in metres, from 0.5 to 2.6, not {height:g}{centimetres}")
        if mass is not None and not 3.0 <= mass <= 400.0:
            raise InputError(f"mass must be in kilograms, from 3 to 400, not {mass:g}")
        super().__post_init__()


@dataclass(frozen=True)
class FootageSettings(SettingsGroup):
    """How the video or photo is read."""

    name: ClassVar[str] = "footage"

    rotate: Literal["auto", "0", "90", "180", "270"] = setting("auto", flag="rotate")
    """Degrees clockwise to rotate the picture; auto corrects a film that plays sideways or upside down."""
    mirror: bool = setting(False, flag="mirror")
    """The film is a mirror image, as from some selfie cameras: exchange left and right."""
    rate_hz: float | None = setting(None, low=0.1, high=1e6, flag="rate")
    """True frames per second, in place of the file's own times."""
    slow_motion: float = setting(1.0, low=0.001, high=1000.0, flag="slow-motion")
    """Factor by which the film plays slower than life: 8 for 240 frames per second played at 30."""
    as_film: bool = setting(False, flag="as-film")
    """The folder holds the frames of one film, in the order of their names; needs --rate."""
    start_s: float | None = setting(None, low=0.0, flag="start")
    """Second of the film at which to start, as a player shows it; it becomes time 0 of the result."""
    end_s: float | None = setting(None, low=0.0, flag="end")
    """Second of the film at which to end."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.rate_hz is not None and self.slow_motion != 1.0:
            raise InputError("give either --rate or --slow-motion, not both")
        if self.as_film and self.rate_hz is None:
            raise InputError(
                "--as-film needs --rate: nothing else says how many pictures there are per second"
            )
        if self.end_s is not None and self.end_s <= (self.start_s or 0.0):
            raise InputError(f"end must come after start, not {self.end_s:g} s after {self.start_s or 0:g} s")


@dataclass(frozen=True)
class CameraSettings(SettingsGroup):
    """Facts about the camera; without an angle or a focal length, the focal length is estimated."""

    name: ClassVar[str] = "camera"

    fov_deg: float | None = setting(None, low=5.0, high=170.0, flag="fov")
    """Angle of view along the longer side of the picture, in degrees."""
    focal_length_px: float | None = setting(None, low=10.0, high=1e6, flag="focal-length")
    """Focal length in pixels of the upright picture; more exact than an angle of view."""
    motion: Literal["auto", "still", "turning", "travelling"] = setting("auto")
    """How the camera moves: turning means panned, tilted, zoomed or hand-held; auto judges by the background."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.fov_deg is not None and self.focal_length_px is not None:
            raise InputError("give either the angle of view or the focal length, not both")


@dataclass(frozen=True)
class ModelSettings(SettingsGroup):
    """Where the files of the networks come from."""

    name: ClassVar[str] = "models"

    folder: Path | None = setting(None, flag="models")
    """Folder with model files, searched before anything is fetched; the variable PASE_MODELS does the same."""
    offline: bool = setting(False, flag="offline")
    """Never use the network: a missing model file is an error."""


@dataclass(frozen=True)
class Pose2DSettings(SettingsGroup):
    """Persons and their keypoints in the picture."""

    name: ClassVar[str] = "pose2d"

    backend: Literal["rtmpose", "alphapose"] = setting("rtmpose")
    """Keypoint network: rtmpose comes with PASE; alphapose is FastPose for 26 Halpe points, with your own weights."""
    weights: Path | None = setting(None)
    """Your own keypoint network: an .onnx of RTMPose, its name in the cache of rtmlib, or a .pth of AlphaPose."""
    detector: Literal["yolox", "yolov3-spp"] = setting("yolox")
    """Detector of persons for alphapose: yolox comes with PASE; yolov3-spp needs your own weights."""
    detector_weights: Path | None = setting(None)
    """Weights of the detector, such as yolov3-spp.weights of Darknet."""
    person: str = setting("all", flag="person")
    """Who gets a skeleton: all, main (large, central, long in view), a number from the report, or a pixel x,y."""
    every: str = setting("auto")
    """Which frames are measured: auto (as many as the movement needs), all, or one every N seconds, such as 0.1."""
    detect_every: float = setting(1.0, low=0.0)
    """Seconds between runs of the detector; between them each person is followed by the keypoints."""
    search_every: float = setting(0.1, low=0.0)
    """Seconds between its runs while somebody is lost, nobody is there, or people are near one another."""
    least_box_score: float = setting(0.4, low=0.0, high=1.0)
    """Least score of the detector for a person."""
    most_persons: int = setting(16, low=1)
    """Most persons followed at once, the most prominent ones; others are listed as left out."""
    least_size: float = setting(0.08, low=0.0, high=1.0)
    """Least size of other than the main person, as a share of the picture's longer side."""
    least_seconds: float = setting(0.5, low=0.0)
    """Least time in the picture, or half of the recording, for others than the main person to get a skeleton."""
    try_turns: bool = setting(True)
    """Where a person is hard to read, also try the picture turned sideways and upside down."""
    device: Literal["auto", "cpu", "cuda", "directml", "coreml", "openvino"] = setting("auto")
    """Where the networks run: auto uses a graphics device if the installed onnxruntime supports one."""
    threads: int = setting(0, low=0)
    """Processor threads of the networks; 0 uses one per core."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not _EVERY.fullmatch(self.every):
            raise InputError(f"pose2d.every must be auto, all, or seconds such as 0.1, not '{self.every}'")
        if not _PERSON.fullmatch(self.person):
            raise InputError(
                f"person must be all, main, a number from the report, or a pixel such as 640,360, not '{self.person}'"
            )

    @property
    def every_s(self) -> float | None:
        """Seconds from one frame that is looked at to the next; None where they are not set."""
        return None if self.every in ("auto", "all") else float(self.every)

    @property
    def pixel(self) -> tuple[float, float] | None:
        """The pixel at which the person stands in the first frame; None where `person` is not one."""
        x, comma, y = self.person.partition(",")
        return (float(x), float(y)) if comma else None


@dataclass(frozen=True)
class LiftSettings(SettingsGroup):
    """From keypoints in the picture to landmarks in space."""

    name: ClassVar[str] = "lift"

    backend: Literal["none", "pase", "motionbert", "mediapipe"] = setting("pase")
    """Lifter: pase is built in; motionbert needs your own weights; mediapipe uses the pictures; none goes without."""
    weights: Path | None = setting(None)
    """Weights of the lifter, such as best_epoch.bin of MotionBERT or pose_landmarker_full.task of MediaPipe."""


@dataclass(frozen=True)
class FitSettings(SettingsGroup):
    """The estimator."""

    name: ClassVar[str] = "fit"

    floor: bool = setting(True)
    """The feet stand on a level floor at times; turn it off for climbing, swimming or a trampoline."""
    smoothness: float = setting(1.0, low=0.1, high=10.0)
    """How smooth movements are expected to be: 2 halves the expected accelerations, 0.5 doubles them."""
    belt_speed: str = setting("auto")
    """Speed of a treadmill in m/s, such as 2.5; auto finds a moving belt by the feet; off holds the floor still."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not _BELT_SPEED.fullmatch(self.belt_speed):
            raise InputError(
                f"fit.belt-speed must be auto, off, or metres a second such as 2.5, not '{self.belt_speed}'"
            )


@dataclass(frozen=True)
class AnalysisSettings(SettingsGroup):
    """Analysis of the motion, and labels of its results."""

    name: ClassVar[str] = "analysis"

    movement: Literal["auto", NamedMovement] = setting("auto")
    """What the main person does; auto recognises it."""
    subject: str = setting("")
    """Name or code of the main person, for tables and the report's first page."""
    condition: str = setting("")
    """Condition of the recording in comparisons, such as barefoot."""
    note: str = setting("", flag="note")
    """A sentence for the report's first page."""


@dataclass(frozen=True)
class ViewSettings(SettingsGroup):
    """Drawing the bones over the footage."""

    name: ClassVar[str] = "view"

    opacity: float = setting(0.9, low=0.0, high=1.0)
    """Opacity of the bones, from 0 (invisible) to 1 (they hide the person)."""
    style: Style = setting("bones", flag="style")
    """How bones are drawn: solid, shining through like an X-ray, or as lines between the joints."""
    layout: Layout = setting("over", flag="layout")
    """Bones over the footage, on black beside it, or on black alone."""
    points: bool = setting(False, flag="points")
    """Also draw the 2D keypoints."""
    every_frame: bool = setting(False)
    """Draw every frame even at 50 frames per second and more; by default 25 to 50 of them per second are drawn,
    and the viewer shows every second frame."""
    hide_faces: bool = setting(False, flag="hide-faces")
    """Hide the faces of everybody who is found, in the overlay, the viewer's film and the report's picture, and leave
    the sound out; somebody whom the detector misses stays visible."""


@dataclass(frozen=True)
class OutputSettings(SettingsGroup):
    """Which files are written."""

    name: ClassVar[str] = "output"

    overlay: bool = setting(True, flag="overlay")
    """Draw the bones over the video or photo."""
    viewer: bool = setting(True, flag="viewer")
    """Write `viewer.html`: the bones in 3D, the footage and the curves, for any browser."""
    film: bool = setting(True, flag="film")
    """Include a small copy of the footage in `viewer.html`."""
    plots: bool = setting(True, flag="plots")
    """Write plots of the joint angles, the bones, the path and the error, as SVG, and show them in the report."""
    png: bool = setting(False)
    """Write the plots as PNG too, which takes as long again."""
    page: bool = setting(True, flag="report-page")
    """Write `report.html`: picture, plots, tables and settings on one page."""
    formats: str = setting("glb bvh", flag="formats")
    """Further files for every person: any of glb, rig, bvh, c3d, npz, separated by spaces or commas; all; or ''."""


@dataclass(frozen=True)
class Settings:
    """All settings."""

    person: PersonSettings = field(default_factory=PersonSettings)
    footage: FootageSettings = field(default_factory=FootageSettings)
    camera: CameraSettings = field(default_factory=CameraSettings)
    models: ModelSettings = field(default_factory=ModelSettings)
    pose2d: Pose2DSettings = field(default_factory=Pose2DSettings)
    lift: LiftSettings = field(default_factory=LiftSettings)
    fit: FitSettings = field(default_factory=FitSettings)
    analysis: AnalysisSettings = field(default_factory=AnalysisSettings)
    view: ViewSettings = field(default_factory=ViewSettings)
    output: OutputSettings = field(default_factory=OutputSettings)


def setting_groups() -> dict[str, type[SettingsGroup]]:
    """The groups of settings, by name."""
    return typing.get_type_hints(Settings)


def leaves(*names: str) -> Iterator[Leaf]:
    """Every setting of the named groups, or named by dotted paths, or all of them, in order."""
    for name, group in setting_groups().items():
        docs, kinds = field_docs(Path(__file__))[group.__name__], typing.get_type_hints(group)
        for item in fields(typing.cast(Any, group)):
            flag = item.metadata.get("flag") or f"{name}.{item.name}".replace("_", "-")
            low, high = item.metadata.get("low"), item.metadata.get("high")
            path, kind = f"{name}.{item.name}", kinds[item.name]
            if names and name not in names and path not in names:
                continue
            yield Leaf(path, kind, item.default, docs.get(item.name, ""), flag, low, high)


def make_settings(values: Mapping[str, Any], base: Settings | None = None) -> Settings:
    """Settings from values by dotted path, as `{"person.height_m": 1.75}`; text is read as its type.

    Parameters
    ----------
    values
        Values by dotted path, as `fit.smoothness`, or by the short name of their flag.
    base
        Settings to start from; the defaults when None.

    Raises
    ------
    InputError
        For an unknown path (the message lists the valid ones) and for a value of the wrong type or range.
    """
    by_group: dict[str, dict[str, Any]] = {name: {} for name in setting_groups()}
    for path, leaf in _leaves_of(values).items():
        group, name = path.split(".")
        by_group[group][name] = convert(leaf.kind, values[path], leaf.label)
    base = base or Settings()
    built = {name: replace(getattr(base, name), **own_values) for name, own_values in by_group.items()}
    return replace(base, **built)


def read_settings(path: Path) -> dict[str, Any]:
    """Values by dotted path from a TOML file with one table per group, to be given to `make_settings`."""
    values: dict[str, Any] = {}
    for group, table in read_toml(path).items():
        if group not in setting_groups() or not isinstance(table, dict):
            raise InputError(
                f"{path}: unknown table '{group}'; the tables are: {', '.join(setting_groups())}"
            )
        values |= {f"{group}.{name}": value for name, value in table.items()}
    _leaves_of(values, f"{path}: ")
    return values


def to_dict(settings: Any) -> dict[str, Any]:
    """A tree of settings, or one group of it, as nested dictionaries of JSON values."""
    values = {item.name: getattr(settings, item.name) for item in fields(settings)}
    return {
        name: to_dict(value) if is_dataclass(value) else str(value) if isinstance(value, Path) else value
        for name, value in values.items()
    }


def _leaves_of(paths: Iterable[str], prefix: str = "") -> dict[str, Leaf]:
    """The settings with some dotted paths; the message on an unknown one begins with where it stands."""
    by_path = {leaf.path: leaf for leaf in leaves()}
    for path in paths:
        if path not in by_path:
            group = path.split(".")[0]
            names = {key.split(".")[1]: key for key in by_path if key.startswith(f"{group}.")}
            close = difflib.get_close_matches(path.split(".")[-1], names, 1)
            hint = f", did you mean '{names[close[0]]}'" if close else ""
            choices = ", ".join(names.values() or by_path)
            raise InputError(f"{prefix}unknown setting '{path}'{hint}; the settings are: {choices}")
    return {path: by_path[path] for path in paths}
