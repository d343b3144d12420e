"""Builds `src/pase/assets/proportions.json`: the prior of human body proportions for the default skeleton.

    python tools/build_proportions.py --setup OPENSIM_SETUP --data ANTHROPOMETRY [-o FILE]

OPENSIM_SETUP is the folder of that name in the pose2sim wheel (the generic model and its bone meshes);
ANTHROPOMETRY holds `ansur2_male.csv`, `ansur2_female.csv` and `goldman_osteometric.csv`. Only means,
covariances and a few check figures are written, no one's measurements. The method and its limits are in
docs/proportions.md.
"""

import argparse
import csv
import json
from pathlib import Path

import numpy as np
from generic_bones import Array, generic_bones, generic_joints
from neck import SEGMENTS

Table = dict[str, Array]

PELVIS = ("pelvis", "sacrum", "Abdomen")
GIRDLE = ("clavicle_r", "scapula_r", "clavicle_l", "scapula_l")
NECK = tuple(s.body for s in SEGMENTS[:-1])
TRUNK = ("lumbar5", "lumbar4", "lumbar3", "lumbar2", "lumbar1", "torso", *NECK, *GIRDLE)
THIGH = ("femur_r", "femur_l", "patella_r", "patella_l")
SHANK = ("tibia_r", "tibia_l")
FOOT = ("talus_r", "talus_l", "calcn_r", "calcn_l", "toes_r", "toes_l")
UPPER_ARM = ("humerus_r", "humerus_l")
FOREARM = ("ulna_r", "ulna_l", "radius_r", "radius_l")
HAND = ("hand_r", "hand_l")

# name: (axes, bodies, slack). The slack is the standard deviation of log scale that stands for what the
# measured dimension does not say about the joint centres of this person (feet: and about footwear).
GROUPS: dict[str, tuple[str, tuple[str, ...], float]] = {
    "pelvis_width": ("z", PELVIS, 0.05),
    "pelvis_height": ("y", PELVIS, 0.05),
    "pelvis_depth": ("x", PELVIS, 0.06),
    "trunk_length": ("y", TRUNK, 0.03),
    "trunk_width": ("z", TRUNK, 0.04),
    "trunk_depth": ("x", TRUNK, 0.06),
    "head_height": ("y", ("head",), 0.04),
    "head_breadth": ("z", ("head",), 0.03),
    "head_depth": ("x", ("head",), 0.03),
    "thigh_length": ("y", THIGH, 0.01),
    "thigh_width": ("xz", THIGH, 0.04),
    "shank_length": ("y", SHANK, 0.01),
    "shank_width": ("xz", SHANK, 0.03),
    "foot_length": ("x", FOOT, 0.04),
    "foot_height": ("y", FOOT, 0.05),
    "foot_breadth": ("z", FOOT, 0.03),
    "upper_arm_length": ("y", UPPER_ARM, 0.025),
    "upper_arm_width": ("xz", UPPER_ARM, 0.04),
    "forearm_length": ("y", FOREARM, 0.02),
    "forearm_width": ("xz", FOREARM, 0.04),
    "hand_length": ("y", HAND, 0.03),
    "hand_width": ("xz", HAND, 0.03),
}

STACK = {
    "foot_height": "foot",
    "shank_length": "shank",
    "thigh_length": "thigh",
    "pelvis_height": "pelvis",
    "trunk_length": "trunk",
    "head_height": "head",
}
SOLE_M = 0.011  # loaded heel and ball pad under the bones
SCALP_M = 0.006
CHEST_SOFT_M = {"male": 0.045, "female": 0.060}  # muscle, skin and breast before and behind the ribs
KNEE_DROP_M = {"male": 0.001, "female": 0.005}

# Stature (m) against: sitting height / stature; arm length / stature; foot length / stature; shoulder and hip
# breadth / stature; all relative to the adult ratio. Head sizes are relative to the adult head. See the docs.
CHILD_HEIGHT = (0.75, 0.87, 1.03, 1.16, 1.28, 1.38, 1.49, 1.60)
CHILD_SITTING_HEIGHT_RATIO = (0.610, 0.580, 0.555, 0.542, 0.533, 0.527, 0.524, 0.524)
CHILD_THIGH_OVER_SHANK = (1.04, 1.04, 1.04, 1.04, 1.04, 1.03, 1.015, 1.0)
CHILD_ARM = (0.93, 0.945, 0.96, 0.97, 0.98, 0.985, 0.995, 1.0)
CHILD_FOOT = (1.02, 1.03, 1.035, 1.04, 1.04, 1.035, 1.02, 1.0)
CHILD_SHOULDER = (1.0, 0.98, 0.97, 0.97, 0.97, 0.97, 0.98, 1.0)
CHILD_HIP = (1.02, 1.01, 1.0, 0.98, 0.97, 0.97, 0.98, 1.0)
CHILD_HEAD_HEIGHT = (0.77, 0.80, 0.84, 0.87, 0.895, 0.915, 0.945, 0.98)
CHILD_HEAD_GIRTH = (0.83, 0.86, 0.895, 0.912, 0.926, 0.94, 0.96, 0.985)
CHILD_BMI = (17.0, 16.3, 15.6, 15.4, 16.0, 17.0, 18.5, 20.5)
# CDC 2000 medians of stature by age, both sexes averaged, rounded to half a centimetre.
AGE_YEARS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17)
AGE_HEIGHT = (
    0.75, 0.865, 0.95, 1.02, 1.09, 1.155, 1.215, 1.275, 1.33, 1.385, 1.44, 1.505, 1.57, 1.62, 1.66, 1.68,
    1.69,
)  # fmt: skip


def read_table(path: Path, sex: str | None = None) -> Table:
    """Columns of numbers by name in metres (from millimetres) and kilograms; NaN where a cell is empty."""
    with path.open(encoding="latin-1", newline="") as file:
        rows = [r for r in csv.DictReader(file) if sex is None or r["Sex"].strip() == sex]
    table = {}
    for name in rows[0]:
        try:
            table[name] = np.array([float(r[name]) if r[name].strip() else np.nan for r in rows]) / 1000
        except ValueError:
            continue
    if "weightkg" in table:
        table["mass"] = table.pop("weightkg") * 100
    return table


def joint_heights(a: Table, knee_drop_m: float) -> Table:
    """Heights over the floor of the hip, knee and ankle joint centres (m) of each subject.

    `knee_drop_m` lowers the knee half of the way to where the tibia : femur ratio of true bones puts it.
    """
    hip = np.mean(
        [
            a["trochanterionheight"] + 0.012,
            a["stature"] - a["sittingheight"] + 0.080,
            a["crotchheight"] + 0.073,
        ],
        axis=0,
    )
    knee = np.mean([a["lateralfemoralepicondyleheight"], a["tibialheight"] + 0.025], axis=0)
    knee = knee - knee_drop_m
    return {"hip": hip, "knee": knee, "ankle": a["lateralmalleolusheight"] - 0.006}


def halved(value: Array) -> Array:
    """Half the spread about the same mean, for differences of heights that are mostly landmark error."""
    return value.mean() + 0.5 * (value - value.mean())


def limb_scales(a: Table, g: dict[str, float], knee_drop_m: float) -> Table:
    """Scale factors of the limbs' lengths and of the trunk's widths of each subject."""
    height = joint_heights(a, knee_drop_m)
    elbow_below_acromion = 0.5 * (0.923 * a["shoulderelbowlength"] + a["acromionradialelength"])
    foot = np.sqrt(
        (a["balloffootlength"] - 0.006) / g["heel_to_ball"] * (a["footlength"] - 0.010) / g["foot_length"]
    )
    crest = (a["iliocristaleheight"] - 0.005 - height["hip"]) / g["crest_over_hip"]
    bone = (a["iliocristaleheight"] - a["crotchheight"]) / g["pelvis_height"]
    return {
        "thigh_length": (height["hip"] - height["knee"]) / g["thigh"],
        "shank_length": (height["knee"] - height["ankle"]) / g["shank"],
        "foot_length": foot,
        "foot_height": (height["ankle"] - SOLE_M) / g["stack_foot"],
        "foot_breadth": (a["footbreadthhorizontal"] - 0.008) / g["foot_breadth"],
        "upper_arm_length": (elbow_below_acromion - 0.097 * a["acromionradialelength"]) / g["upper_arm"],
        "forearm_length": (a["radialestylionlength"] - 0.0015) / g["forearm"],
        "hand_length": (a["handlength"] - 0.001) / g["hand_length"],
        "hand_width": (a["handbreadth"] * 0.81) / g["hand_breadth"],
        "pelvis_width": (a["bicristalbreadth"] - 0.008) / g["pelvis_breadth"],
        "pelvis_height": halved(np.sqrt(crest * bone)),
        "trunk_width": (a["biacromialbreadth"] - 0.024) / g["shoulder_width"],
        "head_depth": (a["headlength"] - 0.012) / g["head_depth"],
        "head_breadth": (a["headbreadth"] - 0.011) / g["head_breadth"],
        "head_height": (a["tragiontopofhead"] - SCALP_M) / g["vertex_over_ear"],
    }


def subject_log_scales(a: Table, bones: Table, g: dict[str, float], sex: str) -> Array:
    """(N, P) log scale factors of each subject of one sex; `bones` are true bones of the same sex."""
    s = {name: np.log(value) for name, value in limb_scales(a, g, KNEE_DROP_M[sex]).items()}

    index = np.log(a["mass"] / a["stature"] ** 2)
    index -= index.mean()

    def fat(value: Array) -> Array:
        """Three quarters of what the body mass index explains of a log size: soft tissue, not bone."""
        return 0.75 * index * (index @ np.log(value)) / (index @ index)

    def breadth(column: str, bone: str, length_column: str, group: str, proxy: str) -> Array:
        """Mean from true bones' breadth : length, spread from a bony breadth of the living."""
        ratio = np.nanmean(np.log(bones[column] / bones[length_column]))
        mean = ratio + np.mean(s[group]) + np.log(g[bone] / g[f"{bone}_breadth"])
        return mean + np.log(a[proxy]) - np.mean(np.log(a[proxy])) - fat(a[proxy])

    s["thigh_width"] = breadth("LFEB", "femur", "LFML", "thigh_length", "bimalleolarbreadth")
    s["shank_width"] = breadth("LTPB", "tibia", "LTML", "shank_length", "bimalleolarbreadth")
    s["upper_arm_width"] = breadth("LHEB", "humerus", "LHML", "upper_arm_length", "wristcircumference")
    s["forearm_width"] = s["upper_arm_width"]
    s["pelvis_width"] = s["pelvis_width"] - fat(a["bicristalbreadth"])
    s["pelvis_depth"] = 0.5 * (s["pelvis_width"] + s["pelvis_height"])
    chest = np.log(a["chestdepth"])
    rib_depth = np.log((a["chestdepth"].mean() - CHEST_SOFT_M[sex]) / g["rib_depth"])
    s["trunk_depth"] = rib_depth + 0.5 * (chest - chest.mean())  # the rest of the spread is soft tissue
    s["trunk_length"] = trunk_length(a, s, g)
    return np.column_stack([s[name] for name in GROUPS])


def trunk_length(a: Table, s: Table, g: dict[str, float]) -> Array:
    """(N,) log scale of the trunk that makes the stack of bones and soft tissue equal to the stature."""
    group_of = {part: group for group, part in STACK.items() if part != "trunk"}
    stack = sum(g[f"stack_{part}"] * np.exp(s[group]) for part, group in group_of.items())
    return np.asarray(np.log((a["stature"] - SOLE_M - SCALP_M - stack) / g["stack_trunk"]))


def moments(a: Table, log_scale: Array) -> tuple[Array, Array]:
    """Mean (P+2,) and covariance (P+2, P+2) of log scale, log stature (m) and log body mass index (kg/m²)."""
    z = np.column_stack([log_scale, np.log(a["stature"]), np.log(a["mass"] / a["stature"] ** 2)])
    return z.mean(axis=0), np.cov(z, rowvar=False)


def child_tables() -> dict[str, object]:
    """How a child's log scales differ from a small adult's, by stature, and stature by age."""
    adult = 1 - CHILD_SITTING_HEIGHT_RATIO[-1]
    leg = np.array([np.log((1 - r) / adult) for r in CHILD_SITTING_HEIGHT_RATIO])
    crural = 0.5 * np.log(CHILD_THIGH_OVER_SHANK)
    relative = {
        "thigh_length": leg + crural,
        "shank_length": leg - crural,
        **{n: np.log(CHILD_ARM) for n in ("upper_arm_length", "forearm_length", "hand_length")},
        "foot_length": np.log(CHILD_FOOT),
        "trunk_width": np.log(CHILD_SHOULDER),
        "pelvis_width": np.log(CHILD_HIP),
    }
    absolute = {
        "head_height": np.log(CHILD_HEAD_HEIGHT),
        "head_breadth": np.log(CHILD_HEAD_GIRTH),
        "head_depth": np.log(CHILD_HEAD_GIRTH),
    }
    return {
        "height_m": list(CHILD_HEIGHT),
        "log_ratio": {n: rounded(v) for n, v in relative.items()},
        "log_of_adult": {n: rounded(v) for n, v in absolute.items()},
        "body_mass_index": list(CHILD_BMI),
        "age_years": list(AGE_YEARS),
        "age_height_m": list(AGE_HEIGHT),
        "log_height_sd": 0.05,
    }


def rounded(values: object, digits: int = 6) -> object:
    """Nested lists of rounded numbers."""
    return np.round(np.asarray(values, float), digits).tolist()


def bone_logs(bones: Table) -> Array:
    """(N, 4) log mean of left and right lengths of humerus, radius, femur and tibia of complete skeletons."""
    logs = [0.5 * np.log(bones["L" + c] * bones["R" + c]) for c in ("HML", "RML", "FML", "TML")]
    table = np.column_stack(logs)
    table = table[np.isfinite(table).all(axis=1)]
    return table[(np.abs(table - np.median(table, axis=0)) < 0.3).all(axis=1)]  # a few cells are misprints


def goldman_check(
    log_scale: dict[str, Array], bones: dict[str, Table], g: dict[str, float]
) -> dict[str, object]:
    """True bone lengths against those that the prior implies: ratios, spread and correlations."""
    names = list(GROUPS)
    columns = [names.index(n) for n in ("upper_arm_length", "forearm_length", "thigh_length", "shank_length")]
    sizes = np.log([g["humerus"], g["radius"], g["femur"], g["tibia"]])
    check: dict[str, object] = {"bones": ["humerus", "radius", "femur", "tibia"]}
    for sex, x in log_scale.items():
        true, implied = bone_logs(bones[sex]), x[:, columns] + sizes
        asymmetry = {}
        for bone, code in [("humerus", "HML"), ("radius", "RML"), ("femur", "FML"), ("tibia", "TML")]:
            d = np.log(bones[sex]["R" + code] / bones[sex]["L" + code])
            d = d[np.abs(d) < 0.1]
            asymmetry[bone] = rounded([d.mean(), d.std()], 4)
        check[sex] = {
            "skeletons": len(true),
            "true_ratio_to_femur": rounded(np.exp(true - true[:, 2:3]).mean(axis=0), 4),
            "implied_ratio_to_femur": rounded(np.exp(implied - implied[:, 2:3]).mean(axis=0), 4),
            "true_log_sd_of_ratio": rounded((true - true[:, 2:3]).std(axis=0), 4),
            "implied_log_sd_of_ratio": rounded((implied - implied[:, 2:3]).std(axis=0), 4),
            "true_correlation": rounded(np.corrcoef(true, rowvar=False), 3),
            "implied_correlation": rounded(np.corrcoef(implied, rowvar=False), 3),
            "true_mean_mm": rounded(1000 * np.exp(true).mean(axis=0), 1),
            "implied_mean_mm": rounded(1000 * np.exp(implied).mean(axis=0), 1),
            "right_over_left_log_mean_sd": asymmetry,
        }
    return check


def build(setup: Path, data: Path) -> dict[str, object]:
    """The whole content of proportions.json."""
    g = generic_joints(setup)
    g |= generic_bones(setup, g)
    bones = {
        sex: read_table(data / "goldman_osteometric.csv", code)
        for sex, code in [("male", "0"), ("female", "1")]
    }
    people = {sex: read_table(data / f"ansur2_{sex}.csv") for sex in bones}
    logs = {sex: subject_log_scales(people[sex], bones[sex], g, sex) for sex in people}
    adults = {sex: moments(people[sex], logs[sex]) for sex in people}
    joints = {"hip_width": "pelvis_width", "shoulder_width": "trunk_width", "thigh": "thigh_length"}
    joints |= {"shank": "shank_length", "foot": "foot_length"}
    joints |= {"upper_arm": "upper_arm_length", "forearm": "forearm_length"}
    return {
        "groups": [{"name": n, "axes": a, "bodies": list(b), "slack": s} for n, (a, b, s) in GROUPS.items()],
        "stature": {
            "bones_m": {group: round(g[f"stack_{part}"], 6) for group, part in STACK.items()},
            "soft_tissue_m": SOLE_M + SCALP_M,
        },
        "lengths": {n: {"group": group, "generic_m": round(g[n], 6)} for n, group in joints.items()},
        "adults": {n: {"mean": rounded(m), "covariance": rounded(c, 9)} for n, (m, c) in adults.items()},
        "children": child_tables(),
        "check": goldman_check(logs, bones, g),
    }


def report(content: dict[str, object]) -> None:
    """Prints the means and spreads and the check against true bones."""
    adults, groups = content["adults"], content["groups"]
    assert isinstance(adults, dict) and isinstance(groups, list)
    for sex, adult in adults.items():
        mean, covariance = np.array(adult["mean"]), np.array(adult["covariance"])
        h = len(mean) - 2
        slope = covariance[:h, h] / covariance[h, h]
        rest = np.sqrt(np.diag(covariance)[:h] - slope**2 * covariance[h, h])
        print(f"\n{sex}: mean stature {np.exp(mean[h]):.4f} m; scale, SD, slope on stature, SD at a stature")
        for i, group in enumerate(groups):
            sd = covariance[i, i] ** 0.5
            print(f"  {group['name']:18s} {np.exp(mean[i]):.3f} {sd:.3f} {slope[i]:6.2f} {rest[i]:.3f}")
    print(json.dumps(content["check"], indent=1))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--setup", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("-o", "--output", type=Path, default=Path("src/pase/assets/proportions.json"))
    args = parser.parse_args()
    content = build(args.setup, args.data)
    args.output.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    report(content)


if __name__ == "__main__":
    main()
