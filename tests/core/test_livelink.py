"""Live Link Face CSV: columns by name, timecodes, lost faces, angles; bad files in one sentence."""

import gzip
import re
from pathlib import Path

import numpy as np
import pytest

from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.curves import Curves
from blender_addon.core.life import HEAD_CHANNELS
from blender_addon.core.livelink import COLUMNS, EYE_COLUMNS, read_livelink, timecode, write_livelink
from blender_addon.core.text_files import read_table

RECORDED = sorted((Path(__file__).parents[3] / "shared" / "data" / "livelink_csv").glob("*.csv.gz"))
RIGHT_FIRST = tuple(
    re.sub("Left|Right", lambda side: "Left" if side[0] == "Right" else "Right", name) for name in COLUMNS
)
"""The order of tools that list the right side first, as ARKit's documentation does."""


def performance(fps: float, n_rows: int = 120) -> Curves:
    values = np.random.default_rng(0).uniform(0, 1, (n_rows, len(BLENDSHAPE_CHANNELS))).astype(np.float32)
    return Curves(values, BLENDSHAPE_CHANNELS, fps)


def head(fps: float, n_rows: int = 120, radians: float = 0.3) -> Curves:
    values = np.random.default_rng(1).uniform(-radians, radians, (n_rows, 3)).astype(np.float32)
    return Curves(values, HEAD_CHANNELS, fps)


def write_rows(path: Path, codes: list[str], columns: tuple[str, ...] = ("JawOpen", "MouthClose")) -> Path:
    """A file whose row i holds i / 100 in its first column."""
    rows = [f"{code},{len(columns)},{i / 100}" + ",0" * (len(columns) - 1) for i, code in enumerate(codes)]
    path.write_text("\n".join([",".join(("Timecode", "BlendShapeCount", *columns)), *rows]))
    return path


def jaw(path: Path) -> Curves:
    curves = read_livelink(path).curves
    return Curves(curves.column("jawOpen")[:, None], ("jawOpen",), curves.fps)


@pytest.mark.parametrize("fps", [24.0, 25.0, 30 / 1.001, 30.0, 60.0])
def test_out_and_in_again_is_the_same(tmp_path: Path, fps: float) -> None:
    write_livelink(tmp_path / "a.csv", performance(fps), head(fps))
    capture = read_livelink(tmp_path / "a.csv")
    assert capture.curves.fps == pytest.approx(fps, rel=1e-9)
    assert capture.curves.channels == (*BLENDSHAPE_CHANNELS, *HEAD_CHANNELS)
    written = np.hstack([performance(fps).values, head(fps).values])
    np.testing.assert_allclose(capture.curves.values, written, atol=1e-6)
    assert capture.lost_seconds == 0


def test_the_file_is_what_the_app_writes(tmp_path: Path) -> None:
    write_livelink(tmp_path / "a.csv", performance(30.0, 3), head(30.0, 3))
    lines = (tmp_path / "a.csv").read_text().splitlines()
    assert lines[0].startswith("Timecode,BlendShapeCount,EyeBlinkLeft,EyeLookDownLeft,")
    assert [len(line.split(",")) for line in lines] == [63] * 4
    assert lines[2].startswith("00:00:00:02.000,61,0.")
    assert lines[1].split(",")[2 + COLUMNS.index("TongueOut")] == "0.0000000000"
    assert timecode(3600 + 62.75) == "01:01:02:45.000"


def test_a_head_that_keeps_still_is_no_head_motion(tmp_path: Path) -> None:
    write_livelink(tmp_path / "a.csv", performance(30.0), head(30.0, radians=0.0))
    assert read_livelink(tmp_path / "a.csv").curves.channels == BLENDSHAPE_CHANNELS


def test_the_head_turns_to_its_left_with_a_negative_yaw_and_down_with_a_positive_pitch(tmp_path: Path) -> None:
    turned = Curves(np.array([[0.1, 0.2, 0.3]] * 2, np.float32), HEAD_CHANNELS, 30.0)  # pitch, roll, yaw
    write_livelink(tmp_path / "a.csv", performance(30.0, 2), turned)
    table = read_table(tmp_path / "a.csv")
    angles = table.numbers([0], [table.header.index(name) for name in ("HeadYaw", "HeadPitch", "HeadRoll")])
    np.testing.assert_allclose(angles, [[-0.3, 0.1, 0.2]], atol=1e-6)


@pytest.mark.parametrize("order", [COLUMNS, RIGHT_FIRST, tuple(sorted(COLUMNS)), tuple(c.lower() for c in COLUMNS)])
def test_columns_are_found_by_name_in_any_order_and_case(tmp_path: Path, order: tuple[str, ...]) -> None:
    write_livelink(tmp_path / "a.csv", performance(60.0, 5), head(60.0, 5))
    expected = read_livelink(tmp_path / "a.csv").curves.values
    table = read_table(tmp_path / "a.csv")
    places = [0, 1, *([name.lower() for name in table.header].index(name.lower()) for name in order)]
    lines = [["Timecode", "BlendshapeCount", *order], *([row[place] for place in places] for row in table.rows)]
    (tmp_path / "b.csv").write_bytes(b"\xef\xbb\xbf" + "\r\n".join(",".join(line) for line in lines).encode())
    np.testing.assert_array_equal(read_livelink(tmp_path / "b.csv").curves.values, expected)


@pytest.mark.parametrize(
    ("codes", "fps"),
    [
        ([f"10:59:{58 + i // 60}:{i % 60:02d}" for i in range(120)], 60),
        ([f"10:00:{i // 30:02d}:{i % 30:02d}" for i in range(60)], 30),
        ([f"10:00:{i // 24:02d};{i % 24:02d}" for i in range(60)], 24),
        ([f"10:00:{i // 30:02d}:{2 * (i % 30):02d}.000" for i in range(60)], 30),
        ([f"23:59:59:{i:02d}" for i in range(60)] + [f"00:00:00:{i:02d}" for i in range(60)], 60),
        ([f"00:00:{i * 0.04:06.3f}" for i in range(60)], 25),
        ([f"{i / 60:.4f}" for i in range(60)], 60),
    ],
)
def test_timecodes_of_any_rate_say_when_a_row_is(tmp_path: Path, codes: list[str], fps: float) -> None:
    curves = jaw(write_rows(tmp_path / "a.csv", codes))
    assert curves.fps == pytest.approx(fps, rel=1e-6)
    np.testing.assert_allclose(curves.values[:, 0], np.arange(len(codes)) / 100, atol=1e-6)


def test_dropped_rows_are_filled_in_and_late_rows_take_their_place(tmp_path: Path) -> None:
    codes = [f"00:00:0{i // 30}:{2 * (i % 30):02d}.{(i * 37) % 300:03d}" for i in range(60)]
    write_rows(tmp_path / "a.csv", codes)
    lines = (tmp_path / "a.csv").read_text().splitlines()
    del lines[11:13]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    curves = jaw(tmp_path / "a.csv")
    assert curves.fps == pytest.approx(30, abs=0.05)
    np.testing.assert_allclose(curves.values[:, 0], np.arange(60) / 100, atol=1e-6)


def test_where_no_face_was_seen_the_motion_goes_straight_on(tmp_path: Path) -> None:
    lines = write_rows(tmp_path / "a.csv", [f"00:00:00:{i:02d}" for i in range(50)]).read_text().splitlines()
    lines[21:31] = [line.split(",")[0] + ",0" for line in lines[21:31]]
    lines[1] = lines[1].split(",")[0] + ",0"
    (tmp_path / "a.csv").write_text("\n".join(lines))
    capture = read_livelink(tmp_path / "a.csv")
    assert capture.lost_seconds == pytest.approx(11 / 60)
    np.testing.assert_allclose(capture.curves.column("jawOpen"), [0.01, *np.arange(1, 50) / 100], atol=1e-6)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is no text file"),
        (b"Timecode,BlendShapeCount,JawOpen\n", "no row of values"),
        (b"Frame,Word\n1,hello\n2,you\n", "no column JawOpen"),
        (b"Frame,JawOpen\n1,0.1\n2,0.1\n", "no column Timecode"),
        (b"Timecode,BlendShapeCount,JawOpen,JawOpen\n00:00:00:00,2,0,0\n", "column JawOpen twice"),
        (
            b"Timecode,BlendShapeCount,JawOpen\n00:00:00:00,1,nan\n00:00:00:01,1,0\n",
            "row 2, JawOpen: .nan. is no number",
        ),
        (b"Timecode,BlendShapeCount,JawOpen\n00:00:00:00,1,0\n00:00:00:01,1,x\n", "row 3, JawOpen: .x. is no number"),
        (b"Timecode,C,JawOpen,JawLeft\n00:00:00:00,2,0,0\n00:00:00:01,2,1\n", "row 3, JawLeft: a value is missing"),
        (b"Timecode,BlendShapeCount,JawOpen\nnoon,1,0\n00:00:00:01,1,0\n", "row 2: .noon. is no timecode"),
        (b"Timecode,BlendShapeCount,JawOpen\n1:2,1,0\n1:3,1,0\n", "not of the form 12:27"),
        (b"Timecode,BlendShapeCount,JawOpen\n00:00:00:00,1,0\n", "a single moment"),
        (b"Timecode,BlendShapeCount,JawOpen\n00:00:01:00,1,0\n00:00:00:00,1,0\n", "run backwards at row 3"),
        (b"Timecode,BlendShapeCount,JawOpen\n00:00:01:00,1,0\n00:09:00:00,1,0\n", "leap by 539 s at row 3"),
        (b"Timecode,BlendShapeCount,JawOpen\n00:00:01:00,1,0\n00:00:02:00,1,0\n", "say 1 rows a second"),
        (b"Timecode,BlendShapeCount,JawOpen\n00:00:00:00,0\n00:00:00:01,0\n", "no moment with a face"),
        (
            b"Timecode,BlendShapeCount,JawOpen,HeadYaw,HeadPitch,HeadRoll\n00:00:00:00,4,0,20,0,0\n00:00:00:01,4,0,0,0,0",
            "turns the head by 20 radians",
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(tmp_path: Path, content: bytes, sentence: str) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(ValueError, match=sentence) as error:
        read_livelink(tmp_path / "a.csv")
    assert "a.csv" in str(error.value)
    assert str(error.value).count("\n") == 0


def test_a_file_that_is_not_there_and_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="can't be read"):
        read_livelink(tmp_path / "none.csv")
    with pytest.raises(ValueError, match="can't be written"):
        write_livelink(tmp_path / "none" / "a.csv", performance(30.0, 2), head(30.0, 2))
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not RECORDED, reason="the recorded takes are not here")
@pytest.mark.parametrize("packed", RECORDED[:3], ids=lambda path: path.name)
def test_recorded_takes_survive_the_round_trip(tmp_path: Path, packed: Path) -> None:
    (tmp_path / "a.csv").write_bytes(gzip.decompress(packed.read_bytes()))
    capture = read_livelink(tmp_path / "a.csv")
    assert capture.curves.channels == BLENDSHAPE_CHANNELS  # the head was not recorded
    assert capture.curves.fps == pytest.approx(30, abs=0.01)
    assert (capture.lost_seconds > 0) == ("S88" in packed.name)
    write_livelink(tmp_path / "b.csv", capture.curves, head(30.0, radians=0.0))
    again = read_livelink(tmp_path / "b.csv").curves
    np.testing.assert_allclose(again.values, capture.curves.values, atol=1e-4)


@pytest.mark.skipif(not RECORDED, reason="the recorded takes are not here")
def test_the_eyes_angles_are_those_that_the_app_writes(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(gzip.decompress(RECORDED[0].read_bytes()))
    capture = read_livelink(tmp_path / "a.csv")
    write_livelink(tmp_path / "b.csv", capture.curves, head(30.0, radians=0.0))
    recorded, written = read_table(tmp_path / "a.csv"), read_table(tmp_path / "b.csv")
    rows = list(range(300))  # none of these is missing in the take
    for name in (*EYE_COLUMNS[:2], *EYE_COLUMNS[3:5]):  # roll is their product
        column = [recorded.header.index(name)]
        angles, ours = recorded.numbers(rows, column)[:, 0], written.numbers(rows, column)[:, 0]
        assert np.corrcoef(angles, ours)[0, 1] > 0.995
        assert np.polyfit(angles, ours, 1)[0] == pytest.approx(1, abs=0.1)
