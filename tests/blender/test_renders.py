"""Characters rendered for the trainer: landmarks sit where eyes, lips and jaw are seen."""

from pathlib import Path

import bpy
import numpy as np
import pytest
from bpy_extras.object_utils import world_to_camera_view

from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.frames import SIDE_PX, Frames
from rigs import renders

FACEKIT = Path(__file__).parents[3] / "shared" / "data" / "ict_facekit"


def shot(name: str, *poses: dict[str, float]) -> renders.Shot:
    values = np.zeros((len(poses), len(BLENDSHAPE_CHANNELS)), np.float32)
    for row, pose in zip(values, poses, strict=True):
        for channel, weight in pose.items():
            row[BLENDSHAPE_CHANNELS.index(channel)] = weight
    turns = np.zeros((len(poses), 3), np.float32)
    return renders.Shot(f"{name}_00", name, values, turns)


def change(frames: Frames, first: int, second: int) -> np.ndarray:
    """(256, 256) how much a pixel differs between two frames, 0 to 1."""
    return np.abs(frames.images[first].astype(float) - frames.images[second]).mean(axis=2) / 255


def box(points: np.ndarray, margin_px: float) -> tuple[slice, slice]:
    """The pixels round points in picture coordinates."""
    low, high = points.min(axis=0) * SIDE_PX - margin_px, points.max(axis=0) * SIDE_PX + margin_px
    return slice(int(low[1]), int(high[1]) + 1), slice(int(low[0]), int(high[0]) + 1)


@pytest.mark.parametrize("character", ["toon_003", "ict_001"])
def test_landmarks_sit_on_what_moves(character: str) -> None:
    if character.startswith("ict") and not FACEKIT.is_dir():
        pytest.skip("there is no ICT-FaceKit data in ../shared/data")
    blink = {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0}
    renders_of = shot(character, {}, blink, {"mouthSmileLeft": 1.0, "mouthSmileRight": 1.0, "jawOpen": 0.6})
    drift = renders.DRIFT
    renders.DRIFT = 0.0  # a still camera, so that only the face changes
    try:
        frames = renders.render_shot(renders_of, FACEKIT)
    finally:
        renders.DRIFT = drift
    lids, lips = change(frames, 0, 1), change(frames, 0, 2)
    eyes = np.zeros_like(lids, bool)
    for eye in (slice(36, 42), slice(42, 48)):
        eyes[box(frames.landmarks[0, eye], 3)] = True
    mouth = np.zeros_like(lids, bool)
    mouth[box(frames.landmarks[2, 48:68], 3)] = True
    assert lids[eyes].mean() > 20 * lids[~eyes].mean()
    assert lips[mouth].mean() > 4 * lips[~mouth].mean()
    gap = frames.landmarks[:, 66, 1] - frames.landmarks[:, 62, 1]
    assert gap[2] > 0.02 > 0.005 > abs(gap[0])


def test_landmarks_are_where_blender_sees_the_vertices() -> None:
    stage = renders.set_stage("toon_005", None)
    scene = bpy.context.scene
    renders._place_camera(scene, stage, np.random.default_rng(1))
    stage.neck.rotation_euler = (0.1, -0.05, 0.3)
    bpy.context.view_layer.update()
    found = renders.seen_landmarks(scene, stage)
    head = stage.head.evaluated_get(bpy.context.evaluated_depsgraph_get())
    for vertex, place in zip(stage.landmarks.tolist(), found, strict=True):
        x, y, _ = world_to_camera_view(scene, scene.camera, head.matrix_world @ head.data.vertices[vertex].co)
        assert np.allclose(place, (x, 1 - y), atol=1e-4)


def test_the_same_names_give_the_same_pictures_and_other_names_other_ones() -> None:
    first, again = (renders.render_shot(shot("toon_001", {}), None) for _ in range(2))
    other = renders.render_shot(shot("toon_002", {}), None)
    assert np.abs(first.images.astype(int) - again.images).max() <= 1
    assert np.array_equal(first.landmarks, again.landmarks)
    assert np.abs(first.landmarks - other.landmarks).max() > 0.01


def test_characters_that_can_not_be_built_are_refused() -> None:
    with pytest.raises(ValueError, match="no character bird_001"):
        renders.set_stage("bird_001", None)
    with pytest.raises(ValueError, match="needs the data of ICT-FaceKit"):
        renders.set_stage("ict_001", None)
