"""MediaPipe's landmarker on real footage."""

from pathlib import Path

import numpy as np
import pytest

from pase.errors import ModelFileError
from pase.keypoint_sets import BLAZEPOSE33
from pase.media import open_media
from pase.media.frames import Frame

pytest.importorskip("mediapipe", reason="needs the extra 'mediapipe'")


@pytest.fixture(scope="module")
def model() -> Path:
    from pase.models import model_path

    try:
        return model_path("pose-landmarker-lite")
    except ModelFileError as error:
        pytest.skip(f"the landmarker's file cannot be had here: {error}")


def test_a_walking_person_in_the_picture_and_in_space(short_clip: Path, model: Path) -> None:
    from pase.lift.mediapipe import MediaPipeLandmarker

    counts: list[int] = []
    with open_media(short_clip) as clip:
        keypoints, landmarks = MediaPipeLandmarker(model)(
            clip.frames(), clip.image_size, lambda done, _: counts.append(done)
        )
    assert counts == list(range(1, 1 + len(keypoints)))
    assert keypoints.names == landmarks.names == BLAZEPOSE33
    assert landmarks.frame == "camera"
    visible = keypoints.seen
    assert visible.mean() > 0.9
    head, heel = BLAZEPOSE33.index("Nose"), BLAZEPOSE33.index("LHeel")
    assert (keypoints.xy[visible, head, 1] < keypoints.xy[visible, heel, 1]).all()
    height = landmarks.xyz[visible, heel, 1] - landmarks.xyz[visible, head, 1]
    assert ((height > 1.0) & (height < 2.0)).all()
    hips = [BLAZEPOSE33.index("LHip"), BLAZEPOSE33.index("RHip")]
    assert np.abs(landmarks.xyz[visible][:, hips].mean(1)).max() < 0.05
    thigh = np.linalg.norm(
        landmarks.xyz[visible, hips[0]] - landmarks.xyz[visible, BLAZEPOSE33.index("LKnee")], axis=1
    )
    assert 0.25 < np.median(thigh) < 0.6


def test_nobody_and_nothing(model: Path) -> None:
    from pase.lift.mediapipe import MediaPipeLandmarker

    landmarker = MediaPipeLandmarker(model)
    grey = Frame(0, 0.0, np.full((120, 160, 3), 128, dtype=np.uint8))
    keypoints, landmarks = landmarker([grey], (160, 120))
    assert np.isnan(landmarks.xyz).all()
    assert not keypoints.seen.any()
    assert len(landmarker([], (160, 120))[1]) == 0


def test_a_file_that_is_no_landmarker_is_refused(tmp_path: Path) -> None:
    from pase.lift.mediapipe import MediaPipeLandmarker

    (tmp_path / "pose.task").write_bytes(b"none")
    with pytest.raises(ModelFileError, match="no pose landmarker bundle"):
        MediaPipeLandmarker(tmp_path / "pose.task")
    with pytest.raises(ModelFileError, match="does not exist"):
        MediaPipeLandmarker(tmp_path / "none.task")
