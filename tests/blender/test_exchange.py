"""Captures in, takes out, and the bake: with the files on disk and Blender's own exporters."""

import gzip
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import numpy as np
import pytest

from blender_addon.core import audio2face, livelink, phones
from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.curves import Curves, Float32Array, sample_curves
from blender_addon.core.life import HEAD_CHANNELS

from .interface import Context, Layout
from .scenes import (
    TINY_MODEL,
    add_strip,
    heights,
    jaw_heights,
    key_frames,
    make_head,
    set_fps,
    snapshot,
    write_bursts,
    written,
)

N_CHANNELS = len(BLENDSHAPE_CHANNELS)
RECORDED = sorted((Path(__file__).parents[3] / "shared" / "data" / "livelink_csv").glob("*.csv.gz"))


@pytest.fixture
def exchange(extension: Any, scene: Any) -> Any:
    make_head(scene)
    set_fps(scene, 30, 1.0)
    return sys.modules[f"{extension.__name__}.exchange"]


@pytest.fixture
def gltf() -> Iterator[None]:
    import addon_utils

    yield addon_utils.enable("io_scene_gltf2")
    addon_utils.disable("io_scene_gltf2")


def captured(n_rows: int = 60, fps: float = 30.0) -> Curves:
    """A smooth performance in which every channel moves."""
    phase = np.arange(n_rows)[:, None] / fps * np.linspace(2, 9, N_CHANNELS)[None]
    return Curves((0.5 + 0.5 * np.sin(phase)).astype(np.float32), BLENDSHAPE_CHANNELS, fps)


def nodding(n_rows: int = 60, fps: float = 30.0) -> Curves:
    turns = np.sin(np.arange(n_rows)[:, None] / 7) * (0.1, 0.2, 0.3)
    return Curves(turns.astype(np.float32), HEAD_CHANNELS, fps)


def write_capture(path: Path, curves: Curves | None = None, head: Curves | None = None) -> Path:
    curves = curves or captured()
    still = Curves(np.zeros((len(curves.values), 3), np.float32), HEAD_CHANNELS, curves.fps)
    livelink.write_livelink(path, curves, head or still)
    return path


def only_take() -> Any:
    """Looked up anew, as undo makes references invalid."""
    (take,) = (action for action in bpy.data.actions if "voxkey_prediction" in action)
    return take


def take_values(action: Any) -> Float32Array:
    """(N, 51) keys of a take between its rows at rest, in the order of the channels."""
    keys = key_frames(action)
    return np.stack([keys[f'key_blocks["{channel}"].value'][1:-1, 1] for channel in BLENDSHAPE_CHANNELS], axis=1)


def generate(scene: Any, tmp_path: Path) -> Any:
    """A take of a sound, with a life of its own."""
    add_strip(scene, write_bursts(tmp_path / "line.wav", 2.0, [0.5, 1.5]), 11)
    scene.voxkey.model, scene.voxkey.model_path = "FILE", str(TINY_MODEL)
    assert bpy.ops.voxkey.generate() == {"FINISHED"}
    return only_take()


def refused(operator: Any, *arguments: Any, **properties: Any) -> str:
    """The sentence with which an operator refuses."""
    with pytest.raises(RuntimeError) as error:
        operator(*arguments, **properties)
    return str(error.value)


# ---------------------------------------------------------------------------------------------------------------------
# In


def test_a_capture_plays_from_the_current_frame_on_as_it_was_captured(
    exchange: Any, scene: Any, tmp_path: Path
) -> None:
    scene.frame_set(11)
    assert bpy.ops.voxkey.import_capture(filepath=str(write_capture(tmp_path / "a.csv"))) == {"FINISHED"}
    seen = heights(scene, scene.objects["Head"], range(11, 71))
    np.testing.assert_allclose(seen, captured().values, atol=1e-5)
    np.testing.assert_allclose(heights(scene, scene.objects["Head"], [5, 75]), 0, atol=1e-6)


def test_a_capture_of_another_rate_keeps_its_time(exchange: Any, scene: Any, tmp_path: Path) -> None:
    set_fps(scene, 24, 1.0)
    fast = captured(150, 60.0)
    bpy.ops.voxkey.import_capture(filepath=str(write_capture(tmp_path / "a.csv", fast)))
    values = take_values(only_take())
    assert len(values) == 60  # 2.5 s
    np.testing.assert_allclose(values, sample_curves(fast, np.arange(60) / 24), atol=1e-5)


def test_audio2face_files_become_takes_too(exchange: Any, scene: Any, tmp_path: Path) -> None:
    audio2face.write_csv(tmp_path / "a.csv", captured())
    audio2face.write_json(tmp_path / "b.json", captured(), "line.wav")
    for name in ("a.csv", "b.json"):
        bpy.ops.voxkey.import_capture(filepath=str(tmp_path / name))
        np.testing.assert_allclose(take_values(exchange.takes(scene.objects["Head"])[-1]), captured().values, atol=1e-5)


def test_the_head_turns_as_captured(exchange: Any, scene: Any, tmp_path: Path) -> None:
    scene.voxkey.head = neck = bpy.data.objects.new("Neck", None)
    scene.collection.objects.link(neck)
    bpy.ops.voxkey.import_capture(filepath=str(write_capture(tmp_path / "a.csv", None, nodding())))
    turns = []
    for frame in range(1, 61):
        scene.frame_set(frame)
        turns.append(neck.evaluated_get(bpy.context.evaluated_depsgraph_get()).delta_rotation_euler[:])
    np.testing.assert_allclose(turns, nodding().values, atol=1e-5)


def test_shaping_anew_leaves_captured_eyes_and_brows_alone(exchange: Any, scene: Any, tmp_path: Path) -> None:
    bpy.ops.voxkey.import_capture(filepath=str(write_capture(tmp_path / "a.csv", None, nodding())))
    exchange.generation.reshape(scene, scene.objects["Head"], "a.csv", exchange.Shaping(strength=0.5, brows=2.0))
    np.testing.assert_allclose(take_values(only_take()), captured().values / 2, atol=1e-5)
    channels, head = exchange.performance(only_take(), scene, None)
    np.testing.assert_allclose(channels.values, captured().values / 2, atol=1e-5)
    np.testing.assert_allclose(head.values, nodding().values, atol=1e-5)


def test_a_file_with_few_columns_moves_what_it_has(exchange: Any, scene: Any, tmp_path: Path) -> None:
    rows = [f"00:00:00:{2 * i:02d},1,{i / 30}" for i in range(30)]
    (tmp_path / "a.csv").write_text("\n".join(["Timecode,BlendShapeCount,JawOpen", *rows]))
    bpy.ops.voxkey.import_capture(filepath=str(tmp_path / "a.csv"))
    assert list(key_frames(only_take())) == ['key_blocks["jawOpen"].value']
    np.testing.assert_allclose(jaw_heights(scene, scene.objects["Head"], range(1, 31)), np.arange(30) / 30, atol=1e-5)


@pytest.mark.skipif(not RECORDED, reason="the recorded takes are not here")
def test_a_recorded_take_moves_the_face_as_the_phone_saw_it(exchange: Any, scene: Any, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(gzip.decompress(RECORDED[0].read_bytes()))
    bpy.ops.voxkey.import_capture(filepath=str(tmp_path / "a.csv"))
    seen = heights(scene, scene.objects["Head"], range(1, 2000, 97))
    recorded = livelink.read_livelink(tmp_path / "a.csv").curves
    expected = sample_curves(recorded, np.arange(0, 1999, 97) / 30)
    np.testing.assert_allclose(seen, np.clip(expected, 0, 1), atol=1e-4)


def test_importing_again_replaces_the_take_and_one_undo_takes_it_back(
    exchange: Any, scene: Any, tmp_path: Path
) -> None:
    path = str(write_capture(tmp_path / "a.csv"))
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.voxkey.import_capture("EXEC_DEFAULT", True, filepath=path)
    before = written()
    bpy.ops.voxkey.import_capture("EXEC_DEFAULT", True, filepath=path)
    assert written() == before
    bpy.ops.ed.undo()
    bpy.ops.ed.undo()
    assert written() == (0, 0)


def test_the_user_hears_where_no_face_was_seen(exchange: Any, scene: Any, tmp_path: Path) -> None:
    lines = write_capture(tmp_path / "a.csv").read_text().splitlines()
    lines[11:41] = [line.split(",")[0] + ",0" for line in lines[11:41]]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    bpy.ops.voxkey.import_capture(filepath=str(tmp_path / "a.csv"))
    warnings = json.loads(only_take()["voxkey"])["warnings"]
    assert "No face was seen for 1.0 s; the motion goes straight through" in warnings


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"\x00\x01\x02", "is no text file"),
        (b"Name,Age\nAnn,3\n", "has no column JawOpen"),
        (b"{}", "has no facsNames"),
        (b"Timecode,BlendShapeCount,JawOpen\n00:00:00:00,1,nan\n00:00:00:01,1,0\n", "is no number"),
    ],
)
def test_bad_files_write_nothing(exchange: Any, scene: Any, tmp_path: Path, content: bytes, sentence: str) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    assert sentence in refused(bpy.ops.voxkey.import_capture, filepath=str(tmp_path / "a.csv"))
    assert written() == (0, 0)


def test_without_a_face_there_is_no_import_and_without_a_take_no_export(exchange: Any, scene: Any) -> None:
    reason = exchange.no_take_reason(bpy.context)
    assert reason == "Head has no take; generate one, or import a capture"
    for operator in (bpy.ops.voxkey.export_livelink, bpy.ops.voxkey.export_phones, bpy.ops.voxkey.bake_takes):
        assert not operator.poll()
    bpy.context.view_layer.objects.active = None
    assert not bpy.ops.voxkey.import_capture.poll()


# ---------------------------------------------------------------------------------------------------------------------
# Out


@pytest.mark.parametrize(("fps", "fps_base"), [(24, 1.0), (30, 1.001), (60, 1.0)])
def test_csv_out_and_in_again_is_the_same(exchange: Any, scene: Any, tmp_path: Path, fps: int, fps_base: float) -> None:
    set_fps(scene, fps, fps_base)
    expected = take_values(generate(scene, tmp_path))
    assert expected.max() > 0.25
    assert bpy.ops.voxkey.export_livelink(filepath=str(tmp_path / "out.csv")) == {"FINISHED"}
    other = make_head(scene, name="Other")
    bpy.ops.voxkey.import_capture(filepath=str(tmp_path / "out.csv"))
    (take,) = exchange.takes(other)
    np.testing.assert_allclose(take_values(take), expected, atol=1e-4)


def test_the_take_of_a_sound_is_written_with_its_head_motion(exchange: Any, scene: Any, tmp_path: Path) -> None:
    scene.voxkey.head = scene.objects["Head"]
    take = generate(scene, tmp_path)
    bpy.ops.voxkey.export_livelink(filepath=str(tmp_path / "out.csv"), rate="60")
    curves = livelink.read_livelink(tmp_path / "out.csv").curves
    assert (curves.fps, len(curves.values)) == (60, 120)
    turned = np.stack([curves.column(channel) for channel in HEAD_CHANNELS], axis=1)
    (part,) = (action for action in bpy.data.actions if action.name == f"{take.name} head")
    keys = [key_frames_of(part, axis)[1:-1] for axis in range(3)]
    np.testing.assert_allclose(turned[::2], np.stack(keys, axis=1), atol=2e-3)  # 60 rows are between 50


def key_frames_of(action: Any, axis: int) -> Float32Array:
    from blender_addon import keyframes

    curve = next(curve for curve in keyframes.fcurves(action) if curve.array_index == axis)
    return np.array([point.co[1] for point in curve.keyframe_points], np.float32)


def test_audio2face_out_by_the_names_ending(exchange: Any, scene: Any, tmp_path: Path) -> None:
    expected = take_values(generate(scene, tmp_path))
    for name in ("out.json", "out.csv"):
        bpy.ops.voxkey.export_audio2face(filepath=str(tmp_path / name))
        curves = audio2face.read_audio2face(tmp_path / name)
        found = np.stack([curves.column(channel) for channel in BLENDSHAPE_CHANNELS], axis=1)
        np.testing.assert_allclose(found, expected, atol=1e-5)
    assert audio2face.is_json(tmp_path / "out.json")
    assert not audio2face.is_json(tmp_path / "out.csv")


def test_the_take_is_chosen_by_its_name_or_its_sound(exchange: Any, scene: Any, tmp_path: Path) -> None:
    generate(scene, tmp_path)
    bpy.ops.voxkey.import_capture(filepath=str(write_capture(tmp_path / "a.csv")))
    for name, expected in (("a.csv", captured().values), ("Voxkey a.csv", captured().values)):
        bpy.ops.voxkey.export_livelink(filepath=str(tmp_path / "out.csv"), take=name)
        np.testing.assert_allclose(livelink.read_livelink(tmp_path / "out.csv").curves.values, expected, atol=1e-5)
    bpy.ops.voxkey.export_livelink(filepath=str(tmp_path / "out.csv"))
    jaw = livelink.read_livelink(tmp_path / "out.csv").curves.column("jawOpen")
    assert abs(jaw - captured().column("jawOpen")).max() > 0.5
    assert "has no take b" in refused(bpy.ops.voxkey.export_livelink, filepath=str(tmp_path / "b.csv"), take="b")
    assert not (tmp_path / "b.csv").exists()


def test_phones_out_as_textgrid_and_json(exchange: Any, scene: Any, tmp_path: Path) -> None:
    take = generate(scene, tmp_path)
    assert exchange.no_phones_reason(bpy.context) == "No take has phones; generate one with the default model"
    assert not bpy.ops.voxkey.export_phones.poll()
    rows = np.repeat(np.eye(3, dtype=np.float32)[[0, 1, 2, 0]], 25, axis=0)
    exchange.take_actions.write_phones(take, Curves(rows, ("sil", "ʃ", "a"), 50.0))
    bpy.ops.voxkey.export_phones(filepath=str(tmp_path / "out.TextGrid"))
    tiers = phones.read_textgrid(tmp_path / "out.TextGrid")
    assert [(phone.name, phone.start_seconds) for phone in tiers["phones"]] == [
        *(("sil", 0), ("ʃ", 0.49), ("a", 0.99), ("sil", 1.49))
    ]
    bpy.ops.voxkey.export_phones(filepath=str(tmp_path / "out.json"))
    assert json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["phones"][1]["phone"] == "ʃ"
    bpy.ops.voxkey.import_capture(filepath=str(write_capture(tmp_path / "a.csv")))
    refusal = refused(bpy.ops.voxkey.export_phones, filepath=str(tmp_path / "no.TextGrid"), take="a.csv")
    assert "a.csv gives no phones; generate the take with the default model" in refusal
    assert not (tmp_path / "no.TextGrid").exists()


def test_a_folder_that_is_not_there_is_said(exchange: Any, scene: Any, tmp_path: Path) -> None:
    generate(scene, tmp_path)
    refusal = refused(bpy.ops.voxkey.export_livelink, filepath=str(tmp_path / "none" / "a.csv"))
    assert "can't be written" in refusal


# ---------------------------------------------------------------------------------------------------------------------
# Bake


def user_action(head: Any) -> Any:
    """An Action of the user's that raises the left brow, active on the shape keys."""
    key = head.data.shape_keys
    block = key.key_blocks["browInnerUp"]
    for frame, value in ((1, 0.0), (60, 0.6)):
        block.value = value
        block.keyframe_insert("value", frame=frame)
    return key.animation_data.action


def head_with_faces(scene: Any, name: str = "Head") -> Any:
    """As make_head, with triangles between the vertices."""
    mesh = bpy.data.meshes.new(name)
    spots = [(float(i % 8), float(i // 8), 0.0) for i in range(56)]
    mesh.from_pydata(spots, [], [(i, i + 1, i + 8) for i in range(47) if i % 8 < 7])
    head = bpy.data.objects.new(name, mesh)
    scene.collection.objects.link(head)
    bpy.context.view_layer.objects.active = head
    head.shape_key_add(name="Basis")
    for i, channel in enumerate(BLENDSHAPE_CHANNELS):
        block = head.shape_key_add(name=channel, from_mix=False)
        block.data[i].co.z = 1.0
        block.value = 0.0
    return head


def values_at(head: Any, scene: Any, frames: list[int]) -> Float32Array:
    """(N, 51) values of the shape keys at N frames."""
    rows = []
    for frame in frames:
        scene.frame_set(frame)
        rows.append([head.data.shape_keys.key_blocks[channel].value for channel in BLENDSHAPE_CHANNELS])
    return np.array(rows, np.float32)


def test_the_bake_looks_like_the_takes_and_needs_no_track(exchange: Any, scene: Any, tmp_path: Path) -> None:
    head = scene.objects["Head"]
    mine = user_action(head)
    before_mine = snapshot(mine)
    generate(scene, tmp_path)
    exchange.nla.push_down(head.data.shape_keys)
    scene.frame_set(70)
    bpy.ops.voxkey.import_capture(filepath=str(write_capture(tmp_path / "a.csv")))
    frames = list(range(-3, 140))
    expected = values_at(head, scene, frames)
    scene.frame_set(33)
    assert bpy.ops.voxkey.bake_takes() == {"FINISHED"}
    assert scene.frame_current == 33
    data = head.data.shape_keys.animation_data
    assert data.action.name == "Head performance"
    assert all(track.mute and strip.mute for track in data.nla_tracks for strip in track.strips)
    np.testing.assert_allclose(values_at(head, scene, frames), expected, atol=1e-5)
    data.use_nla = False
    np.testing.assert_allclose(values_at(head, scene, frames), expected, atol=1e-5)
    assert snapshot(mine) == before_mine


def test_an_active_action_is_baked_in_and_kept(exchange: Any, scene: Any, tmp_path: Path) -> None:
    head = scene.objects["Head"]
    bpy.ops.voxkey.import_capture(filepath=str(write_capture(tmp_path / "a.csv")))
    mine = user_action(head)
    expected = values_at(head, scene, list(range(1, 61)))
    bpy.ops.voxkey.bake_takes()
    np.testing.assert_allclose(values_at(head, scene, list(range(1, 61))), expected, atol=1e-5)
    assert mine in [action for _, action in exchange.nla.layers(head.data.shape_keys)]


def test_one_undo_takes_the_bake_back(exchange: Any, scene: Any, tmp_path: Path) -> None:
    bpy.ops.voxkey.import_capture(filepath=str(write_capture(tmp_path / "a.csv")))
    bpy.ops.ed.undo_push(message="before")
    before = written()
    bpy.ops.voxkey.bake_takes("EXEC_DEFAULT", True)
    assert written() != before
    bpy.ops.ed.undo()
    assert written() == before
    data = bpy.data.objects["Head"].data.shape_keys.animation_data
    assert data.action is None
    assert not any(track.mute or strip.mute for track in data.nla_tracks for strip in track.strips)


def test_a_head_object_is_baked_into_the_same_action(exchange: Any, scene: Any, tmp_path: Path) -> None:
    scene.voxkey.head = neck = bpy.data.objects.new("Neck", None)
    scene.collection.objects.link(neck)
    bpy.ops.voxkey.import_capture(filepath=str(write_capture(tmp_path / "a.csv", None, nodding())))
    bpy.ops.voxkey.bake_takes()
    scene.frame_set(10)
    np.testing.assert_allclose(neck.delta_rotation_euler[:], nodding().values[9], atol=1e-5)
    key = scene.objects["Head"].data.shape_keys
    assert neck.animation_data.action.name == key.animation_data.action.name == "Head performance"
    scene.frame_set(30)
    np.testing.assert_allclose(neck.delta_rotation_euler[:], nodding().values[29], atol=1e-5)
    np.testing.assert_allclose(heights(scene, scene.objects["Head"], [30])[0], captured().values[29], atol=1e-5)


def test_strips_of_the_user_are_baked_as_they_play(exchange: Any, scene: Any, tmp_path: Path) -> None:
    head = scene.objects["Head"]
    user_action(head)
    scene.frame_set(101)
    bpy.ops.voxkey.import_capture(filepath=str(write_capture(tmp_path / "a.csv")))
    exchange.nla.push_down(head.data.shape_keys)
    (strip,) = (track.strips[0] for track in head.data.shape_keys.animation_data.nla_tracks if "Action" in track.name)
    strip.frame_start_ui, strip.scale = 131.0, 1.5
    frames = list(range(90, 230))
    expected = values_at(head, scene, frames)
    bpy.ops.voxkey.bake_takes()
    baked = head.data.shape_keys.animation_data.action
    assert list(baked.frame_range) == [100.0, np.ceil(strip.frame_end)]
    np.testing.assert_allclose(values_at(head, scene, frames), expected, atol=1e-5)


def test_gltf_out_and_in_again_is_the_same(exchange: Any, scene: Any, gltf: None, tmp_path: Path) -> None:
    bpy.data.objects.remove(scene.objects["Head"])
    head = head_with_faces(scene)
    user_action(head)
    generate(scene, tmp_path)
    scene.frame_set(70)
    bpy.ops.voxkey.import_capture(filepath=str(write_capture(tmp_path / "a.csv")))
    frames = list(range(0, 140))
    expected = values_at(head, scene, frames)
    bpy.ops.voxkey.bake_takes()
    scene.frame_start, scene.frame_end = 0, 140
    bpy.ops.export_scene.gltf(filepath=str(tmp_path / "out.glb"))
    assert [animation["name"] for animation in glb_content(tmp_path / "out.glb")["animations"]] == ["Head performance"]
    again = bpy.data.scenes.new("again")
    bpy.context.window.scene = again
    set_fps(again, 30, 1.0)
    bpy.ops.import_scene.gltf(filepath=str(tmp_path / "out.glb"))
    (back,) = (obj for obj in again.objects if obj.type == "MESH")
    np.testing.assert_allclose(values_at(back, again, frames), expected, atol=1e-3)


def glb_content(path: Path) -> Any:
    """The JSON of a binary glTF file: after 12 bytes its length, its kind and itself."""
    content = path.read_bytes()
    return json.loads(content[20 : 20 + int.from_bytes(content[12:16], "little")])


def test_usd_out_and_in_again_is_the_same(exchange: Any, scene: Any, tmp_path: Path) -> None:
    bpy.data.objects.remove(scene.objects["Head"])
    head = head_with_faces(scene)
    generate(scene, tmp_path)
    frames = list(range(10, 72))
    bpy.ops.voxkey.bake_takes()
    expected = values_at(head, scene, frames)
    scene.frame_start, scene.frame_end = 1, 80
    bpy.ops.wm.usd_export(filepath=str(tmp_path / "out.usdc"), export_animation=True, export_shapekeys=True)
    again = bpy.data.scenes.new("again")
    bpy.context.window.scene = again
    bpy.ops.wm.usd_import(filepath=str(tmp_path / "out.usdc"))
    (back,) = (obj for obj in again.objects if obj.type == "MESH")
    np.testing.assert_allclose(values_at(back, again, frames), expected, atol=1e-3)


# ---------------------------------------------------------------------------------------------------------------------
# In the interface


def test_the_menus_and_the_panel_offer_it(exchange: Any, scene: Any) -> None:
    imports, exports, panel = Layout(), Layout(), Layout()
    for (menu, entries), layout in zip(exchange.MENUS, (imports, exports), strict=True):
        entries(SimpleNamespace(layout=layout), Context())
        assert entries in getattr(bpy.types, menu).draw._draw_funcs
    exchange.draw(panel, Context())
    assert imports.drawn == ["voxkey.import_capture"]
    out = ["voxkey.export_livelink", "voxkey.export_audio2face", "voxkey.export_phones"]
    assert exports.drawn == out
    assert panel.drawn == ["voxkey.import_capture", *out, "voxkey.bake_takes"]


def test_drawing_takes_no_time(exchange: Any, scene: Any, tmp_path: Path) -> None:
    generate(scene, tmp_path)
    exchange.rig_look.look(scene.objects["Head"])
    for i in range(500):
        bpy.data.objects.new(f"Prop {i}", None)
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        assert exchange.no_take_reason(bpy.context) is None
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.001


def test_the_proposed_file_is_called_after_the_sound(exchange: Any, scene: Any, tmp_path: Path) -> None:
    take = generate(scene, tmp_path)
    for operator, ending in (("livelink", ".csv"), ("audio2face", ".json"), ("phones", ".TextGrid")):
        proposed = exchange.proposed_file(take, getattr(exchange, f"VOXKEY_OT_export_{operator}").filename_ext)
        assert proposed.name == f"line{ending}"
        assert proposed.parent.is_dir()
