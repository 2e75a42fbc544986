"""What the user chooses in the panel, kept with the scene."""

# The bpy stubs make every data-block optional, and know neither add-ons' properties nor other versions' names.
# mypy: disable-error-code="union-attr, attr-defined, arg-type, func-returns-value"

import re
import zlib
from functools import cache
from pathlib import Path
from typing import Any

import bpy

from . import audio_io, generation, movement, preferences
from .core.shaping import AMOUNTS, RANGES, SEEDS, Shaping

OWN_FILE, DEFAULT = "FILE", "DEFAULT"
LANDMARKS_OF = "voxkey_face"
"""Custom property of an object that shows the landmarks of a face: that face."""


_HEAD_NAME = re.compile(r"(^|[^a-z])head$", re.IGNORECASE)
"""Head, mixamorig:Head, CC_Base_Head; of Rigify's several, the shortest is the control."""


def model_items(_owner: Any, context: bpy.types.Context) -> list[tuple[str, str, str, str, int]]:
    """Enum items: the default model, every model file found, and a file of the user's choice."""
    return _model_items(_model_files(context))


@cache  # Blender keeps only pointers to the strings
def _model_items(files: tuple[Path, ...]) -> list[tuple[str, str, str, str, int]]:
    """The number, which is what a .blend stores, comes from the file's name, so that new files change no choice."""
    others = [
        (path.name, path.stem, str(path), "NONE", zlib.crc32(path.name.encode()) >> 1 | 2)
        for path in files
        if path != generation.DEFAULT_MODEL
    ]
    return [
        (DEFAULT, "Default", f"The model that comes with Voxkey: {generation.DEFAULT_MODEL.stem}", "NONE", 0),
        *others,
        (OWN_FILE, "Other File", "A model file that you choose below", "NONE", 1),
    ]


def _model_files(context: bpy.types.Context) -> tuple[Path, ...]:
    prefs = preferences.preferences(context)
    return preferences.model_files(prefs.model_folder if prefs else "")


def _suggest_sources(_owner: Any, context: bpy.types.Context, _text: str) -> list[str]:
    return audio_io.source_names(context.scene)


def _shape_live(settings: Any, context: bpy.types.Context) -> None:
    """What every setting of Shaping does when it changes, at each step of a slider."""
    if settings.live_shaping:
        from . import operators  # which imports this module

        operators.shape_live(context)


def choose_head_bone(settings: Any, _context: bpy.types.Context) -> None:
    """Of an armature that was just chosen as the head, the bone named so, unless one was chosen before."""
    rig = settings.head
    if rig is None or rig.type != "ARMATURE" or movement.HEAD_BONE in rig or not rig.is_editable:
        return
    named = [bone.name for bone in rig.pose.bones if _HEAD_NAME.search(bone.name)]
    if named:
        movement.set_head_bone(rig, min(named, key=len))


def _slider(setting: str, name: str, description: str, **kind: Any) -> Any:
    """A slider for a setting of Shaping, which can be keyed if it may change over time."""
    least, greatest = RANGES[setting]
    return bpy.props.FloatProperty(
        name=name,
        description=description,
        default=getattr(Shaping(), setting),
        min=least,
        max=greatest,
        update=_shape_live,
        options={"ANIMATABLE"} if setting in AMOUNTS else set(),
        **kind,
    )


def _seed(name: str, description: str) -> Any:
    """A number that stands for one of many performances."""
    return bpy.props.IntProperty(
        name=name, description=description, default=0, min=0, update=_shape_live, options=set()
    )


def _weight(emotion: str) -> Any:
    """A slider for the weight of an emotion."""
    return _slider(emotion, emotion.title(), f"How {emotion} the face is, beside the emotion chosen above")


_TIME = {"subtype": "TIME_ABSOLUTE", "unit": "TIME_ABSOLUTE", "precision": 3, "step": 1}


class VoxkeySettings(bpy.types.PropertyGroup):
    source: bpy.props.StringProperty(  # type: ignore[valid-type]  # bpy declares properties by annotation
        name="Sound",
        description="Sound strip or Speaker whose speech the face says; leave it empty for the active sound strip",
        search=_suggest_sources,
    )
    target: bpy.props.PointerProperty(  # type: ignore[valid-type]
        name="Face",
        translation_context="Voxkey",
        description="Mesh of the face, or the armature of the character; what belongs to it, such as teeth, lashes and "
        "eyes, moves along. Leave it empty for the active object",
        type=bpy.types.Object,
        poll=lambda _owner, obj: obj.type in {"MESH", "ARMATURE"},
    )
    model: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Model",
        description="Model file that turns speech into motion",
        items=model_items,
    )
    model_path: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Model File",
        description="An .onnx file that the trainer exported",
        subtype="FILE_PATH",
    )
    device: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Device",
        description="What runs the model. Auto follows the preferences, else takes the fastest that works",
        items=preferences.device_items,
    )
    live_shaping: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Live Shaping",
        description="Shape the take while a slider moves, unless you have edited its keys",
        default=True,
        options=set(),
    )
    strength: _slider(  # type: ignore[valid-type]
        "strength", "Strength", "How far the whole face moves: 1 as the model says, 0 not at all, 2 twice as far"
    )
    mouth_strength: _slider(  # type: ignore[valid-type]
        "mouth_strength", "Mouth", "How far the lips and the corners of the mouth move; closed lips stay closed"
    )
    jaw_strength: _slider(  # type: ignore[valid-type]
        "jaw_strength", "Jaw", "How far the jaw opens and moves; closed lips stay closed"
    )
    cheek_strength: _slider(  # type: ignore[valid-type]
        "cheek_strength", "Cheeks", "How far cheeks and nose move"
    )
    eye_strength: _slider("eye_strength", "Eyes", "How far lids and eyes move")  # type: ignore[valid-type]
    brow_strength: _slider("brow_strength", "Brows", "How far the brows move")  # type: ignore[valid-type]
    lower_face_smoothing_seconds: _slider(  # type: ignore[valid-type]
        "lower_face_smoothing_seconds",
        "Lower Face",
        "Calms mouth, jaw and cheeks over this time. Lips still close on p, b and m, above 0.05 s for longer",
        **_TIME,
    )
    upper_face_smoothing_seconds: _slider(  # type: ignore[valid-type]
        "upper_face_smoothing_seconds",
        "Upper Face",
        "Calms the eyes and brows that the model predicts over this time",
        **_TIME,
    )
    lip_open_offset: _slider(  # type: ignore[valid-type]
        "lip_open_offset",
        "Lip Opening",
        "Parts the lips further while they are open; below 0 brings them together, so that they close where they "
        "nearly did",
    )
    jaw_open_offset: _slider(  # type: ignore[valid-type]
        "jaw_open_offset", "Jaw Opening", "Opens the jaw further, or less, while the lips are open"
    )
    eyelid_open_offset: _slider(  # type: ignore[valid-type]
        "eyelid_open_offset", "Lid Opening", "Opens the lids wider, or lets them droop; blinks still shut the eyes"
    )
    closure_emphasis: _slider(  # type: ignore[valid-type]
        "closure_emphasis",
        "Closures",
        "Closes the lips longer on p, b and m, presses them, and closes them on every one",
    )
    symmetry: _slider(  # type: ignore[valid-type]
        "symmetry", "Symmetry", "At 1 both sides of the face do the same; the eyes still look aside"
    )
    hold_frames: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Poses",
        description="For how many frames a pose is held, as in drawn animation",
        items=[
            ("1", "Every Frame", "The face moves in every frame"),
            ("2", "On Twos", "A pose every two frames; a mouth that closes is seen closed"),
            ("3", "On Threes", "A pose every three frames; a mouth that closes is seen closed"),
        ],
        update=_shape_live,
    )
    key_tolerance: _slider(  # type: ignore[valid-type]
        "key_tolerance",
        "Tolerance",
        "How far the motion may be off for the sake of fewer keys; 0 for a key at every frame, 0.01 needs a fifth of "
        "them or less",
        precision=3,
        step=0.1,
    )
    blinks: _slider(  # type: ignore[valid-type]
        "blinks",
        "Blinks",
        "How far the lids close in a blink: 1 shut, 0 for no blinks. Eyes blink about every 3 seconds",
    )
    blink_style: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Blink Style",
        description="Whether the eyes blink by rule, or as a network learned it from people",
        items=[
            ("PROCEDURAL", "By Rule", "Clean blinks at the ends of phrases and with turns of the eyes"),
            ("LEARNED", "Learned", "Blinks as a network learned them from people: uneven, and at their own time"),
        ],
        update=_shape_live,
        options=set(),
    )
    gaze: _slider(  # type: ignore[valid-type]
        "gaze",
        "Gaze",
        "How far the eyes wander: at 1 they mostly look ahead, shift a little, and glance away while speaking; the "
        "lids follow. 0 for a stare",
    )
    brows: _slider(  # type: ignore[valid-type]
        "brows", "Brows", "How far brows rise on stressed words and at the beginning of phrases, and knit in between"
    )
    head_motion: _slider(  # type: ignore[valid-type]
        "head",
        "Head Motion",
        "How far the Head object nods on stressed words and turns slowly, by about 3 degrees at 1",
    )
    secondary: _slider(  # type: ignore[valid-type]
        "secondary",
        "Secondary",
        "How far cheeks, nose and lower lids follow the mouth, and how much the two sides of the face differ. Closed "
        "lips stay closed",
    )
    emotion: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Emotion",
        description="How the character feels: brows, eyes, cheeks and the corners of the mouth show it while the lips "
        "speak, and still close on p, b and m. Key it to change it over time",
        items=[
            ("NEUTRAL", "Neutral", "The face as speech moves it"),
            ("CALM", "Calm", "Lids and corners of the mouth relax, the head keeps quiet"),
            ("HAPPY", "Happy", "Smiles, cheeks raised"),
            ("SAD", "Sad", "Inner brows raised, corners of the mouth and gaze lowered, the head quiet and lowered"),
            ("ANGRY", "Angry", "Brows knit, lids tightened, lips pressed"),
            ("FEARFUL", "Fearful", "Brows raised and drawn together, eyes wide, corners of the mouth drawn back"),
            ("SURPRISED", "Surprised", "Brows and lids raised, the mouth drops open in pauses"),
            ("DISGUSTED", "Disgusted", "Nose wrinkled, upper lip raised"),
        ],
        update=_shape_live,
    )
    emotion_strength: _slider(  # type: ignore[valid-type]
        "emotion_strength", "Intensity", "How strongly the face shows it, 1 as in a portrait, 0 not at all"
    )
    neutral: _slider(  # type: ignore[valid-type]
        "neutral", "Neutral", "Takes from the other emotions: at 1 beside a full one, half of it is left"
    )
    calm: _weight("calm")  # type: ignore[valid-type]
    happy: _weight("happy")  # type: ignore[valid-type]
    sad: _weight("sad")  # type: ignore[valid-type]
    angry: _weight("angry")  # type: ignore[valid-type]
    fearful: _weight("fearful")  # type: ignore[valid-type]
    surprised: _weight("surprised")  # type: ignore[valid-type]
    disgusted: _weight("disgusted")  # type: ignore[valid-type]
    seed: _seed(  # type: ignore[valid-type]
        "Seed",
        "Another number, another performance of blinks, gaze, brows, head and emotion; the same number, the same",
    )
    blinks_seed: _seed(  # type: ignore[valid-type]
        "Blinks", "Another number, other moments of the blinks; all else stays as it is"
    )
    gaze_seed: _seed(  # type: ignore[valid-type]
        "Gaze", "Another number, other looks of the eyes and what blinks go with them; all else stays as it is"
    )
    brows_seed: _seed(  # type: ignore[valid-type]
        "Brows", "Another number, other moves of the brows; all else stays as it is"
    )
    head_seed: _seed(  # type: ignore[valid-type]
        "Head", "Another number, other turns and nods of the head; all else stays as it is"
    )
    head: bpy.props.PointerProperty(  # type: ignore[valid-type]
        name="Head",
        description="What nods and turns: the head or an Empty at the neck that the head is parented to, looking along "
        "its own -Y axis with Z up, or the armature with a bone for the head. Its own animation stays; leave it empty "
        "for a head that keeps still",
        type=bpy.types.Object,
        poll=lambda _owner, obj: obj.type == "ARMATURE" or movement.head_problem(obj) is None,
        update=choose_head_bone,
    )
    head_bone: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Bone",
        description="Bone of the armature that nods and turns, on top of its own animation; leave it empty for the "
        "whole armature",
        get=lambda settings: movement.head_bone(settings.head) if settings.head else "",
        set=lambda settings, name: movement.set_head_bone(settings.head, name),
        search=lambda settings, _context, _text: [bone.name for bone in settings.head.pose.bones],
    )


def attach() -> None:
    """Give every scene its settings."""
    bpy.types.Scene.voxkey = bpy.props.PointerProperty(type=VoxkeySettings)


def detach() -> None:
    del bpy.types.Scene.voxkey


def target_object(context: bpy.types.Context) -> bpy.types.Object | None:
    """The chosen face, else the active object; for landmarks that are being marked, the face they belong to."""
    obj = context.scene.voxkey.target or context.object
    return (obj.get(LANDMARKS_OF) or obj) if obj else None


def model_path(context: bpy.types.Context) -> Path:
    """The chosen model file."""
    settings = context.scene.voxkey
    if settings.model == OWN_FILE:
        return Path(bpy.path.abspath(settings.model_path))
    return next((path for path in _model_files(context) if path.name == settings.model), generation.DEFAULT_MODEL)


def device(context: bpy.types.Context) -> str:
    """The chosen device, the preferences' where the panel says Auto."""
    prefs = preferences.preferences(context)
    chosen = context.scene.voxkey.device or "AUTO"  # empty when saved on a machine with other devices
    return (prefs.device or "AUTO") if prefs and chosen == "AUTO" else chosen


def shaping(context: bpy.types.Context) -> Shaping:
    settings = context.scene.voxkey
    same_name = {setting: getattr(settings, setting) for setting in RANGES if setting != "head"}
    return Shaping(
        head=settings.head_motion,
        hold_frames=int(settings.hold_frames),
        blink_style=settings.blink_style.lower(),
        emotion=settings.emotion.lower(),
        **{seed: getattr(settings, seed) for seed in SEEDS},
        **same_name,
    )
