from pathlib import Path

import pytest

from pase.config import Settings, leaves, make_settings, read_settings, to_dict
from pase.errors import InputError


def test_defaults_are_valid_and_every_setting_has_a_meaning() -> None:
    assert make_settings({}) == Settings()
    for leaf in leaves():
        assert leaf.doc.endswith("."), f"{leaf.path} needs one sentence under its field"


def test_flags_are_unique() -> None:
    flags = [leaf.flag for leaf in leaves()]
    assert len(flags) == len(set(flags))


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("person.height_m", "1.75", 1.75),
        ("person.height_m", 2, 2.0),
        ("person.mass_kg", None, None),
        ("models.folder", "weights", Path("weights")),
        ("models.offline", True, True),
    ],
)
def test_values_are_read_as_their_type(path: str, text: object, expected: object) -> None:
    group, name = path.split(".")
    value = getattr(getattr(make_settings({path: text}), group), name)
    assert value == expected
    assert type(value) is type(expected) or isinstance(value, Path)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"person.height_m": -1.75}, "height must be in metres"),
        ({"person.height_m": 175}, "did you mean 1.75?"),
        ({"person.height_m": float("nan")}, "height must be in metres"),
        ({"person.height_m": "tall"}, "height must be a number, not 'tall'"),
        ({"person.mass_kg": 0}, "mass must be in kilograms"),
        ({"camera.fov_deg": 0}, "fov must be at least 5"),
        ({"camera.fov_deg": 60, "camera.focal_length_px": 900}, "not both"),
        ({"models.offline": 1}, "offline must be true or false"),
        ({"person.heigth_m": 1.7}, "did you mean 'person.height_m'; the settings are: person.height_m"),
    ],
)
def test_bad_values_are_refused_in_one_line(values: dict[str, object], message: str) -> None:
    with pytest.raises(InputError) as caught:
        make_settings(values)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_toml_gives_the_same_as_values(tmp_path: Path) -> None:
    file = tmp_path / "pase.toml"
    file.write_text("[person]\nheight_m = 1.68\n[output]\noverlay = false\n", encoding="utf-8")
    settings = make_settings(read_settings(file))
    assert settings.person.height_m == 1.68
    assert not settings.output.overlay


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[person\n", "not TOML"),
        ("[perso]\nheight_m = 1.7\n", "the tables are: person, footage, camera"),
        ("height_m = 1.7\n", "unknown table 'height_m'"),
        ("[person]\nheight = 1.7\n", "unknown setting 'person.height'"),
        ("[person]\nheight_m = [1]\n", "height must be a number"),
        (b"\xff\xfe\x00", "not text in UTF-8"),
    ],
)
def test_bad_toml_is_refused(tmp_path: Path, text: str | bytes, message: str) -> None:
    file = tmp_path / "pase.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InputError, match="pase.toml|height") as caught:
        make_settings(read_settings(file))
    assert message in str(caught.value)


def test_missing_settings_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="none.toml does not exist"):
        read_settings(tmp_path / "none.toml")


def test_settings_survive_as_plain_values() -> None:
    settings = make_settings({"person.height_m": 1.6, "models.folder": "m"})
    plain = to_dict(settings)
    again = {f"{group}.{name}": value for group, table in plain.items() for name, value in table.items()}
    assert make_settings(again) == settings


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("person.height_m", "1,75", 1.75),
        ("person.height_m", "175cm", 1.75),
        ("person.height_m", "1.75 m", 1.75),
        ("person.mass_kg", "70,5 kg", 70.5),
        ("footage.start_s", "2.5s", 2.5),
        ("footage.rate_hz", "240fps", 240.0),
        ("footage.rotate", 90, "90"),
    ],
)
def test_numbers_as_people_write_them(path: str, text: object, expected: object) -> None:
    group, name = path.split(".")
    assert getattr(getattr(make_settings({path: text}), group), name) == expected


@pytest.mark.parametrize("text", ["1,7,5", "175 inches", "tall", "1.75kg"])
def test_what_is_no_height_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="height must be a number"):
        make_settings({"person.height_m": text})
