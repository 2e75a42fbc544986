"""The contact sheet: what it shows, that it leaves the .blend alone, what it says about bad input."""

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from numpy.typing import NDArray

from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from rigs import contact_sheet

TILE_PX = 32
LABEL_PX = 8
FEW_POSES = {"neutral": {}, "jawOpen": {"jawOpen": 1.0}, "half": {"jawOpen": 0.5}, "cheekPuff": {"cheekPuff": 1.0}}


@pytest.fixture
def head(scene: Any) -> Any:
    """A cube that jawOpen makes half as wide; it has no other shape."""
    bpy.ops.mesh.primitive_cube_add()
    cube = bpy.context.object
    cube.name = "Head"
    cube.shape_key_add(name="Basis")
    for point in cube.shape_key_add(name="jawOpen", from_mix=False).data:
        point.co.x /= 2
    return cube


def save(path: Path) -> Path:
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    return path


def tiles(sheet: Path, n_tiles: int, tile_height_px: int = TILE_PX) -> list[NDArray[np.float32]]:
    """The first pictures of a one-row sheet, (height, width) brightness, without their labels."""
    image = bpy.data.images.load(str(sheet))
    width_px, height_px = image.size
    pixels = np.array(image.pixels[:], np.float32).reshape(height_px, width_px, 4)[::-1, :, :3].mean(axis=2)
    return [pixels[:tile_height_px, i * TILE_PX : (i + 1) * TILE_PX] for i in range(n_tiles)]


def shown_width_px(tile: NDArray[np.float32]) -> int:
    """Columns in which something is drawn that is not the backdrop of the corner."""
    return int((np.abs(tile - tile[0, 0]) > 0.05).any(axis=0).sum())


@pytest.fixture
def few_poses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contact_sheet, "POSES", FEW_POSES)


def test_poses_are_the_neutral_face_each_channel_alone_and_combinations_of_channels() -> None:
    poses = contact_sheet.POSES
    assert poses["neutral"] == {}
    assert [poses[name] for name in BLENDSHAPE_CHANNELS] == [{name: 1.0} for name in BLENDSHAPE_CHANNELS]
    for pose in contact_sheet.SPEECH_POSES.values():
        assert set(pose) <= set(BLENDSHAPE_CHANNELS)
        assert all(0.0 < weight <= 1.0 for weight in pose.values())


@pytest.mark.slow
def test_sheet_has_a_labelled_tile_for_every_pose(head: Any, tmp_path: Path) -> None:
    blend = save(tmp_path / "head.blend")
    assert contact_sheet.main([str(blend), "--output", str(tmp_path / "sheet.png"), "--tile_px", str(TILE_PX)]) == 0
    image = bpy.data.images.load(str(tmp_path / "sheet.png"))
    n_rows = -(-len(contact_sheet.POSES) // contact_sheet.N_COLUMNS)
    assert tuple(image.size) == (contact_sheet.N_COLUMNS * TILE_PX, n_rows * (TILE_PX + LABEL_PX))


@pytest.mark.usefixtures("few_poses")
def test_each_tile_shows_its_pose(head: Any, tmp_path: Path) -> None:
    contact_sheet.render_contact_sheet(save(tmp_path / "head.blend"), tmp_path / "sheet.png", tile_px=TILE_PX)
    neutral, narrow, half, missing = tiles(tmp_path / "sheet.png", 4)
    assert shown_width_px(narrow) < shown_width_px(half) < shown_width_px(neutral) < TILE_PX
    np.testing.assert_array_equal(missing, neutral)  # a channel that the head lacks: labelled so, the neutral face


@pytest.mark.usefixtures("scene")
def test_labels_are_drawn_and_differ() -> None:
    labels = contact_sheet.render_labels(["jawOpen", "mouthLowerDownRight (missing)"], 64, 12)
    assert labels.shape == (2, 12, 64)
    assert labels.max() > 0.5
    for label in labels:
        assert label.any(axis=0).any()
        assert not label[:, [0, -1]].any()  # the long one is made smaller rather than cut
    assert (labels[0] != labels[1]).any()


@pytest.mark.usefixtures("few_poses")
def test_animation_of_the_file_does_not_leak_into_the_tiles(head: Any, tmp_path: Path) -> None:
    key = head.data.shape_keys.key_blocks["jawOpen"]
    key.value = 1.0
    key.keyframe_insert("value", frame=1)
    contact_sheet.render_contact_sheet(save(tmp_path / "head.blend"), tmp_path / "sheet.png", tile_px=TILE_PX)
    neutral, narrow, *_ = tiles(tmp_path / "sheet.png", 4)
    assert shown_width_px(narrow) < shown_width_px(neutral)


@pytest.mark.usefixtures("few_poses")
def test_camera_and_aspect_of_the_file_are_used(head: Any, scene: Any, tmp_path: Path) -> None:
    data = bpy.data.cameras.new("Far")
    camera = bpy.data.objects.new("Far", data)
    camera.location, camera.rotation_euler = (0.0, -40.0, 0.0), (np.pi / 2, 0.0, 0.0)
    scene.collection.objects.link(camera)
    scene.render.resolution_x, scene.render.resolution_y = 200, 100
    blend = save(tmp_path / "head.blend")
    contact_sheet.render_contact_sheet(blend, tmp_path / "far.png", tile_px=TILE_PX, camera_name="Far")
    far = tiles(tmp_path / "far.png", 1, tile_height_px=TILE_PX // 2)[0]
    contact_sheet.render_contact_sheet(blend, tmp_path / "near.png", tile_px=TILE_PX)
    near = tiles(tmp_path / "near.png", 1)[0]
    assert shown_width_px(far) * 3 < shown_width_px(near)


@pytest.mark.usefixtures("few_poses")
def test_the_blend_is_only_read(head: Any, tmp_path: Path) -> None:
    blend = save(tmp_path / "head.blend")
    before = blend.read_bytes()
    contact_sheet.render_contact_sheet(blend, tmp_path / "out" / "sheet.png", tile_px=TILE_PX)
    assert blend.read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"head.blend", "out"}


BAD_INPUT = {
    "no such file": (["missing.blend"], "There is no file"),
    "not a .blend": (["text.blend"], "is not a .blend that this Blender"),
    "no such object": (
        ["head.blend", "--object", "Body"],
        'No mesh object "Body" in the scene; its mesh objects are: ',
    ),
    "no channel on the object": (["head.blend", "--object", "Rock"], "None of the 51 channels"),
    "no such camera": (["head.blend", "--camera", "Crane"], 'No camera "Crane" in the scene; its cameras are: none.'),
    "tile too small": (["head.blend", "--tile_px", "1"], "choose --tile_px between 16 and 1024"),
}


@pytest.mark.parametrize(("arguments", "sentence"), BAD_INPUT.values(), ids=BAD_INPUT)
def test_bad_input_gives_one_sentence_and_writes_nothing(
    head: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    bpy.ops.mesh.primitive_cube_add()
    bpy.context.object.name = "Rock"
    save(tmp_path / "head.blend")
    (tmp_path / "text.blend").write_text("not a blend")
    blend, *options = arguments
    assert contact_sheet.main([str(tmp_path / blend), *options, "--output", str(tmp_path / "sheet.png")]) == 1
    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1
    assert not (tmp_path / "sheet.png").exists()


@pytest.mark.usefixtures("few_poses")
def test_output_that_cannot_be_written_gives_one_sentence(
    head: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blend = save(tmp_path / "head.blend")
    (tmp_path / "file").touch()
    output = tmp_path / "file" / "sheet.png"
    assert contact_sheet.main([str(blend), "--output", str(output), "--tile_px", str(TILE_PX)]) == 1
    assert f"Cannot write {output}" in capsys.readouterr().err
