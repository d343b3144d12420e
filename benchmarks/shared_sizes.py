"""One skeleton from several recordings: are its sizes better than those of each alone?

    python -m benchmarks.shared_sizes [CLIPS] [--parts N]

Cuts every clip of CLIPS (default `../shared/bench/dev`) into N parts (default 2), estimates the sizes from each part
alone, from all parts together as `pase batch` does, and from the whole clip, and compares the lengths of thighs,
shanks and upper arms with the marker-based reference.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from benchmarks.common import CLIPS, header, line, make_parser, progress

from pase.anatomy.default import default_skeleton
from pase.anatomy.lengths import joint_lengths
from pase.anatomy.proportions import PersonFacts, load_proportions
from pase.config import Settings, make_settings
from pase.fit.evidence import Evidence
from pase.fit.sizes import combined_sizes
from pase.media import open_media
from pase.pipeline.estimating import size_evidence
from pase.pipeline.recording import Recording, choose, detect

SEGMENTS = {"femur": ("femur", "tibia"), "tibia": ("tibia", "talus"), "humerus": ("humerus", "ulna")}


def main() -> int:
    """Estimate, compare, print."""
    parser = make_parser(__doc__)
    parser.add_argument("clips", nargs="?", type=Path, default=CLIPS)
    parser.add_argument("--parts", type=int, default=2)
    options = parser.parse_args()
    clips = sorted(path.parent for path in options.clips.glob("*/subject.json"))
    if not clips:
        print(f"no clips in {options.clips}: nothing to measure", file=sys.stderr)
        return 0
    print(header("clip", "sizes from", "femur / tibia / humerus off by, mm", "mean, mm"))
    for clip in clips:
        progress(f"{clip.name} …")
        compare(clip, options.parts)
    return 0


def compare(clip: Path, parts: int) -> None:
    """Print the rows of one clip."""
    facts = json.loads((clip / "subject.json").read_text(encoding="utf-8"))
    height = facts["height_m"] or facts["height_from_scaled_model_m"]
    settings = make_settings({"person.height_m": height})
    with open_media(clip / "video.mp4") as media:
        recording = choose(detect(media, settings), settings)
    truth = reference(clip)
    cut = np.array_split(np.arange(recording.frames), parts)
    evidence = [evidence_of(recording, settings, slice(int(f[0]), int(f[-1]) + 1)) for f in cut]
    undivided = evidence_of(recording, settings, slice(None))
    for number, of_part in enumerate(evidence, 1):
        row(clip.name, f"part {number} alone", errors([of_part], height, truth))
    row(clip.name, "all parts together", errors(evidence, height, truth))
    row(clip.name, "the whole clip", errors([undivided], height, truth))


def evidence_of(recording: Recording, settings: Settings, frames: slice) -> Evidence:
    """What some frames tell of the sizes."""
    piece = Recording([recording.people[0].slice(frames)], recording.frames, recording.image_size)
    of_part = size_evidence(piece, settings)
    assert of_part is not None, "nobody is seen"
    return of_part


def errors(evidence: Sequence[Evidence], height_m: float, truth: dict[str, float]) -> dict[str, float]:
    """Length of each segment by all of the evidence minus the true one, mean of both sides, mm."""
    sizes, skeleton = combined_sizes(evidence, PersonFacts(height_m)), default_skeleton()
    scale = load_proportions().body_scale(sizes.log_scale, skeleton.body_names)
    lengths = joint_lengths(skeleton.scaled(scale))
    return {name: 1000 * (lengths[f"{name}_r"] - length) for name, length in truth.items()}


def reference(clip: Path) -> dict[str, float]:
    """Mean length of each segment of both sides in the reference, metres."""
    with np.load(clip / "truth.npz") as data:
        bodies, origins = [str(name) for name in data["bodies"]], data["origins"]
    out = {}
    for name, ends in SEGMENTS.items():
        pairs = [[bodies.index(f"{end}_{side}") for end in ends] for side in "rl"]
        out[name] = float(
            np.mean([np.linalg.norm(origins[:, a] - origins[:, b], axis=-1).mean() for a, b in pairs])
        )
    return out


def row(clip: str, label: str, off: dict[str, float]) -> None:
    """Print one row."""
    errors = " / ".join(f"{value:+.0f}" for value in off.values())
    print(line([clip, label, errors, f"{np.mean(np.abs([*off.values()])):.1f}"]), flush=True)


if __name__ == "__main__":
    sys.exit(main())
