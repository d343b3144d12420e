import json
from pathlib import Path

import pytest
from filelock import BaseFileLock

from pase.errors import OutputError
from pase.pipeline.lock import folder_lock
from pase.pipeline.workspace import Workspace, check_output_file, fingerprint, source_identity


def finish(output: Path, text: str = "done", *, overwrite: bool = False) -> None:
    with Workspace(output, overwrite=overwrite) as space:
        (space.folder / "keypoints.json").write_text(text, encoding="utf-8")
        (space.folder / "report.json").write_text(json.dumps({"files": space.files()}), encoding="utf-8")
        space.commit()


def test_the_result_appears_whole_and_nothing_else_is_left(tmp_path: Path) -> None:
    output = tmp_path / "new" / "out"
    with Workspace(output) as space:
        (space.folder / "report.json").write_text("{}", encoding="utf-8")
        assert not output.exists()
        space.commit()
    assert [p.name for p in output.iterdir()] == ["report.json"]
    assert [p.name for p in output.parent.iterdir()] == ["out"]


def test_a_failed_run_leaves_nothing_not_even_the_parents(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), Workspace(tmp_path / "new" / "out") as space:
        (space.folder / "half").write_text("x", encoding="utf-8")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_run_is_taken_up_only_when_key_and_files_are_the_same(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), Workspace(tmp_path / "out") as space:
        (space.folder / "keypoints.json").write_text("[]", encoding="utf-8")
        space.note_stage("pose2d", "key", ["keypoints.json"], {"frames": 3})
        (space.folder / "person_1").mkdir()
        (space.folder / "person_1" / "motion.mot").write_text("half", encoding="utf-8")
        raise KeyboardInterrupt
    assert not (tmp_path / "out").exists()
    with pytest.raises(KeyboardInterrupt), Workspace(tmp_path / "out") as space:
        assert space.stage_facts("pose2d", "other key") is None
        assert space.stage_facts("pose2d", "key") == {"frames": 3}
        space.clear(keep=["keypoints.json"])
        assert not (space.folder / "person_1").exists()
        raise KeyboardInterrupt
    with Workspace(tmp_path / "out") as space:
        assert space.stage_facts("pose2d", "key") == {"frames": 3}
        (space.folder / "keypoints.json").write_text("[1]", encoding="utf-8")
        assert space.stage_facts("pose2d", "key") is None


def test_an_existing_result_needs_overwrite_and_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    output = tmp_path / "out"
    finish(output, "old")
    with pytest.raises(OutputError, match="--overwrite"):
        Workspace(output)
    with pytest.raises(RuntimeError), Workspace(output, overwrite=True):
        raise RuntimeError
    assert (output / "keypoints.json").read_text(encoding="utf-8") == "old"
    finish(output, "new", overwrite=True)
    assert (output / "keypoints.json").read_text(encoding="utf-8") == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_files_of_the_user_are_never_replaced(tmp_path: Path) -> None:
    output = tmp_path / "out"
    finish(output)
    (output / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match="did not write .notes.txt"):
        Workspace(output, overwrite=True)
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match="did not write"):
        Workspace(tmp_path / "photos", overwrite=True)


def test_an_empty_folder_may_be_filled(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    finish(tmp_path / "out")
    assert (tmp_path / "out" / "report.json").is_file()


def test_two_runs_into_one_folder_are_refused(tmp_path: Path) -> None:
    with (
        Workspace(tmp_path / "out") as space,
        pytest.raises(OutputError, match="another run"),
        Workspace(tmp_path / "out"),
    ):
        pass
    assert not space.folder.exists()


def test_letting_go_of_a_folder_never_lets_go_of_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next run takes the folder at the very moment at which the first has let go of it."""
    path = tmp_path / "lock"
    first, second, third = (folder_lock(path, tmp_path) for _ in range(3))
    first.__enter__()
    let_go = BaseFileLock.release

    def and_the_next_comes(lock: BaseFileLock, force: bool = False) -> None:
        let_go(lock, force)
        monkeypatch.setattr(BaseFileLock, "release", let_go)
        second.__enter__()

    monkeypatch.setattr(BaseFileLock, "release", and_the_next_comes)
    first.__exit__(None, None, None)
    with pytest.raises(OutputError, match="another run"):
        third.__enter__()
    second.__exit__(None, None, None)
    with folder_lock(path, tmp_path):
        assert path.exists()
    assert not list(tmp_path.iterdir())


def test_a_result_that_another_run_has_made_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    space = Workspace(tmp_path / "out")
    finish(tmp_path / "out", "other")
    with pytest.raises(OutputError, match="--overwrite"), space:
        pass
    assert (tmp_path / "out" / "keypoints.json").read_text(encoding="utf-8") == "other"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_kill_between_the_two_renames_loses_nothing(tmp_path: Path) -> None:
    output = tmp_path / "out"
    finish(output, "old")
    output.rename(tmp_path / ".out.replaced")
    with pytest.raises(OutputError, match="--overwrite"), Workspace(output):
        pass
    assert (output / "keypoints.json").read_text(encoding="utf-8") == "old"


@pytest.mark.parametrize("place", ["file/out", "file"])
def test_places_that_cannot_hold_a_folder_are_refused(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(OutputError), Workspace(tmp_path / place):
        pass


def test_the_folder_one_is_in_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OutputError, match="name a new folder"):
        Workspace(".")


def test_single_files_are_checked_before_any_work(tmp_path: Path) -> None:
    file = tmp_path / "keypoints.json"
    check_output_file(file, overwrite=False)
    file.write_text("[]", encoding="utf-8")
    check_output_file(file, overwrite=True)
    with pytest.raises(OutputError, match="--overwrite"):
        check_output_file(file, overwrite=False)
    with pytest.raises(OutputError, match="is a folder"):
        check_output_file(tmp_path, overwrite=True)
    with pytest.raises(OutputError, match="cannot write"):
        check_output_file(file / "x.json", overwrite=False)


def test_fingerprints_tell_sources_and_settings_apart(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"a" * 10)
    before = fingerprint(source_identity(clip))
    assert before == fingerprint(source_identity(clip))
    clip.write_bytes(b"b" * 10)
    assert fingerprint(source_identity(clip)) != before
