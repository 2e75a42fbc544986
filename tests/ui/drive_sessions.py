"""Run inside the real Blender: an animator's day, step by step with operators, mouse and keyboard; then all undone.

Every step ends with a step of undo, as in the interface. After the last one all are undone one by one, each time to
exactly what was there before, and redone to exactly what was there after.
"""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy

sys.path.append(str(Path(__file__).parent))
from drive import (
    FOLDER,
    addon,
    biggest_area,
    facts,
    finish_job,
    in_editor,
    picture,
    region,
    run,
    show_panel,
    use_tiny_model,
    wait,
    window,
)
from dump import differences, dump

stages: list[tuple[str, dict[str, Any]]] = []
"""What was there after each step."""


def steps() -> Iterator[None]:
    yield from show_panel("VIEW_3D")
    set_the_scene()
    yield
    note("start")
    yield from first_click_to_film()
    yield from redo_one_line()
    yield from change_the_mood()
    yield from two_characters_in_dialogue()
    yield from edit_a_phone()
    yield from undo_everything()


def scene() -> Any:
    return window().scene


def note(name: str) -> None:
    stages.append((name, dump()))
    print("step", len(stages), name, f"{time.monotonic():.0f} s", flush=True)
    facts.setdefault("takes", {})[name] = sorted(action.name for action in bpy.data.actions)


def push(name: str) -> None:
    """A step of undo, as the interface makes one when a slider is let go."""
    with in_editor():
        bpy.ops.ed.undo_push(message=name)
    note(name)


def call(name: str, **options: Any) -> None:
    """Run one of our operators as a click does, with a step of undo."""
    with in_editor():
        getattr(bpy.ops.voxkey, name)("EXEC_DEFAULT", True, **options)
    note(name)


def set_the_scene() -> None:
    """A head with animation of its own, another head, and no sound."""
    with in_editor():
        editor = scene().sequence_editor
        strips = editor.strips if hasattr(editor, "strips") else editor.sequences
        strips.remove(strips[0])
        head = scene().objects["Head"]
        other = head.copy()
        other.data, other.name = head.data.copy(), "Mira"
        other.location.x = 4
        scene().collection.objects.link(other)
        head.keyframe_insert("location", frame=1)
        head.data.shape_keys.key_blocks["wart"].keyframe_insert("value", frame=5)
        head.data.shape_keys.key_blocks["mouthSmile_L"].driver_add("value").driver.expression = "0.1"
        window().view_layer.objects.active = head
        scene().voxkey.target = head
        use_tiny_model()
        bpy.ops.ed.undo_push(message="the user's scene")


def click(x: int, y: int) -> Iterator[None]:
    """A click of the left button at a place of the window."""
    window().event_simulate(type="MOUSEMOVE", value="NOTHING", x=x, y=y)
    yield from wait(3)
    window().event_simulate(type="LEFTMOUSE", value="PRESS", x=x, y=y)
    yield
    window().event_simulate(type="LEFTMOUSE", value="RELEASE", x=x, y=y)
    yield


def click_generate() -> Iterator[None]:
    """Click on the large button below Sound, Face and Style in the sidebar."""
    sidebar = region("UI")
    unit = bpy.context.preferences.system.ui_scale
    for down in range(110, 230, 12):  # as high as the lines above it happen to be
        yield from click(sidebar.x + int(130 * unit), sidebar.y + sidebar.height - int(down * unit))
        if addon("operators").running_job() is not None:
            facts["clicked_at"] = down
            return
        window().event_simulate(type="ESC", value="PRESS", x=10, y=10)
        yield


def first_click_to_film() -> Iterator[None]:
    """A recording is dropped onto the view, Enter confirms, the face speaks; rendered with sound."""
    area = biggest_area()
    middle = {"x": area.x + area.width // 3, "y": area.y + area.height // 2}
    window().event_simulate(type="MOUSEMOVE", value="NOTHING", **middle)
    yield
    with in_editor():
        bpy.ops.wm.drop_import_file("INVOKE_DEFAULT", True, directory=str(FOLDER), files=[{"name": "speech.wav"}])
    yield from wait(6)
    yield from picture("dropped")
    window().event_simulate(type="RET", value="PRESS", **middle)
    window().event_simulate(type="RET", value="RELEASE", **middle)
    yield from wait(4)
    yield from finish_job()
    facts["strips"] = addon("audio_io").source_names(scene())
    note("dropped")
    render = scene().render
    before = render.filepath
    if hasattr(render.image_settings, "media_type"):  # 5.0
        render.image_settings.media_type = "VIDEO"
    render.image_settings.file_format = "FFMPEG"
    render.ffmpeg.format, render.ffmpeg.audio_codec = "MPEG4", "AAC"
    render.filepath = str(FOLDER / "film.mp4")
    with in_editor():
        bpy.ops.render.render(animation=True)
    facts["film_bytes"] = (FOLDER / "film.mp4").stat().st_size
    render.filepath = before
    push("film")


def redo_one_line() -> Iterator[None]:
    """The artist shapes, edits a key, does the line again with a click, then a range, and deletes the new take."""
    settings = scene().voxkey
    settings.strength = 0.6
    push("strength")
    call("load_preset", filepath=str(addon("settings_presets").SHIPPED_FOLDER / "Lively.json"))
    take = addon("operators").current_take(bpy.context)
    curve = next(iter(addon("keyframes").fcurves(take)))
    curve.keyframe_points[3].co.y = 0.77
    curve.update()
    push("a key by hand")
    yield from click_generate()
    yield from finish_job()
    note("generated again by a click")
    call("regenerate_range", first_frame=10, last_frame=30)
    call("delete_take")
    with in_editor():
        facts["take_after_delete"] = addon("operators").current_take(bpy.context) is not None


def change_the_mood() -> Iterator[None]:
    """Another mood for the same line, and one that is keyed."""
    call("generate")
    settings = scene().voxkey
    facts["smile_before"] = greatest("mouthSmile_R")
    settings.emotion = "HAPPY"
    push("happy")
    facts["smile_after"] = greatest("mouthSmile_R")
    settings.emotion_strength = 0.0
    settings.keyframe_insert("emotion_strength", frame=1)
    settings.emotion_strength = 1.0
    settings.keyframe_insert("emotion_strength", frame=40)
    push("keyed mood")
    call("reshape_take")
    yield


def greatest(channel: str) -> float:
    """The greatest value that the take in use gives a shape key."""
    take = addon("operators").current_take(bpy.context)
    curves = [curve for curve in addon("keyframes").fcurves(take) if channel in curve.data_path]
    return max(point.co.y for curve in curves for point in curve.keyframe_points)


def two_characters_in_dialogue() -> Iterator[None]:
    """Two strips on two channels, a character each, generated together."""
    editor = scene().sequence_editor
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    strips.new_sound("answer", str(FOLDER / "speech.wav"), 3, 60)
    push("second strip")
    call("find_voices")
    for row, character in zip(scene().voxkey_dialogue.voices, ("Head", "Mira"), strict=False):
        row.character = scene().objects[character]
    push("characters")
    with in_editor():
        facts["dialogue"] = list(bpy.ops.voxkey.generate_dialogue("INVOKE_DEFAULT", True))
    yield from finish_job()
    note("dialogue")
    animated = [scene().objects[name].data.shape_keys.animation_data for name in ("Head", "Mira")]
    facts["dialogue_tracks"] = [bool(data and len(data.nla_tracks)) for data in animated]


def edit_a_phone() -> Iterator[None]:
    """A sentence of real speech; one of its open vowels becomes a p, on which the lips close."""
    settings, other = scene().voxkey, scene().objects["Mira"]
    addon("audio_io").add_sound_strip(scene(), FOLDER / "demo_speech.wav", 120)
    settings.source, settings.target, settings.model = "demo_speech.wav", other, "DEFAULT"
    settings.live_shaping = True
    push("a third strip")
    call("generate")
    call("show_phones")
    strips = addon("phone_track")._strips(scene())
    widest = max((strip for strip in strips if strip.name[0] in "aɐɛ"), key=lambda strip: jaw_near(strip, "max"))
    facts["n_phones"] = len(strips)
    before = jaw_near(widest, "min")
    widest.name = "p"
    place = widest.name
    push("a phone renamed")
    yield from picture("phones")
    call("apply_phones")
    renamed = next(strip for strip in addon("phone_track")._strips(scene()) if strip.name == place)
    facts["jaw_before_and_after"] = [before, jaw_near(renamed, "min")]
    call("hide_phones")


def jaw_near(strip: Any, which: str) -> float:
    """The least or greatest gap between the lips while a strip lasts: jawOpen without what mouthClose takes back."""
    take = addon("operators").current_take(bpy.context)
    frames = range(int(strip.frame_final_start), int(strip.frame_final_end) + 1)
    curves = {curve.data_path.split('"')[1]: curve for curve in addon("keyframes").fcurves(take)}
    gaps = [curves["jawOpen"].evaluate(frame) - curves["mouthClose"].evaluate(frame) for frame in frames]
    return float(min(gaps) if which == "min" else max(gaps))


def undo_everything() -> Iterator[None]:
    """Back to the user's scene and forth again, comparing everything at each step."""
    facts["n_steps"] = len(stages) - 1
    facts["undo"], facts["redo"] = {}, {}
    for (name, _), (_, there) in zip(reversed(stages[1:]), reversed(stages[:-1]), strict=True):
        yield from step_through(bpy.ops.ed.undo, name, there, facts["undo"])
    for name, there in stages[1:]:
        yield from step_through(bpy.ops.ed.redo, name, there, facts["redo"])


def step_through(undo_or_redo: Any, name: str, there: dict[str, Any], found: dict[str, list[str]]) -> Iterator[None]:
    for _ in range(2 if name == "dropped" else 1):  # the strip, and the take
        with bpy.context.temp_override(window=window()):
            undo_or_redo()
        yield from wait(2)
    lines = differences(there, dump())
    if lines:
        found[name] = lines[:12]


run(steps())
