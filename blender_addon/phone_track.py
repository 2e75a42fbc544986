"""The phones of a take as strips in the Sequencer, beside the sound, to be moved, trimmed, renamed, split and locked.

Strips, not markers: a phone has a beginning and an end, and strips have all that is needed to edit both, with snapping,
names and colors. Markers would be one an edge, and in the way of the user's own. They are muted color strips, which
no render shows; 720 of them, a minute of speech, are made in 0.2 s. A frame is long for a phone: a strip lies at the
nearest frames but remembers its exact times, which count until it is moved. So phones that nobody has touched stay the
same to the last bit.

The face follows when Apply Phones is pressed, not at every drag: applied by itself, each drag would be two steps to
undo, and undoing the second would apply it again. What was applied is kept with the take, shown or not.
"""

# ruff: noqa: RUF001  (IPA letters are meant as they are)
# ruff: noqa: N801, RUF012  (Blender wants these class names and plain class attributes)

# The bpy stubs make every data-block optional, and know neither add-ons' properties nor other versions' names.
# mypy: disable-error-code="union-attr, attr-defined, arg-type, misc, operator, func-returns-value"

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy
from bpy_extras.io_utils import ImportHelper

from . import audio_io, face, generation, operators, predictions, properties, take_actions
from .core import phones as phone_files
from .core import spelling, transcript
from .core.articulation import VOWELS
from .core.curves import frames_to_seconds, seconds_to_frames
from .core.phone_edits import LIPS, SILENCE, Edits, check_name, classes_of
from .core.phones import Phone, segments
from .core.shaping import Shaping
from .drawing import can_press, draw_sentence, refuse
from .translation import translated

PHONE = "voxkey_phone"
"""Custom property of a strip: whose phone it is, its exact times, and the frames of the take that it was put at."""
ANY_LANGUAGE = "ANY"
SOUNDS = {
    "sil": "Silence",
    "p": "p, b, m: lips closed",
    "f": "f, v: lip at the teeth",
    "θ": "th, as in thin and then",
    "t": "t, d, n",
    "l": "l, rolled r",
    "s": "s, z",
    "ɕ": "ch, as in German ich",
    "ʃ": "sh, as in ship; j, as in French je",
    "ɹ": "r, as in red",
    "j": "y, as in yes",
    "k": "k, g, ng; ch, as in Scottish loch",
    "q": "h; r, as in French rue",
    "w": "w, as in win",
    "ɸ": "between p and f, as in Japanese fuji",
    "i": "ee, as in see",
    "ɪ": "i, as in sit",
    "e": "e, as in French été",
    "ɛ": "e, as in bed",
    "ə": "a, as in about",
    "ɐ": "u, as in cup",
    "æ": "a, as in cat",
    "a": "a, as in father",
    "u": "oo, as in boot",
    "y": "u, as in French lune",
    "ʊ": "u, as in put",
    "o": "o, as in go; eu, as in French peu",
    "ɔ": "o, as in thought; eu, as in French peur",
    "ɒ": "o, as in British hot",
}  # fmt: skip
"""Classes of sounds, each as one may hear it."""
VOWEL_COLOR, CONSONANT_COLOR, LIP_COLOR, SILENCE_COLOR = (
    (0.85, 0.55, 0.15), (0.25, 0.45, 0.75), (0.75, 0.15, 0.25), (0.2, 0.2, 0.2),
)  # fmt: skip
"""Linear RGB of the strips: lips that close stand out."""


def is_shown(scene: bpy.types.Scene) -> bool:
    """Whether phones are shown, at once: panels ask at every redraw."""
    return any(PHONE in strip for strip in audio_io.each_strip(scene))


def phones_of(take: bpy.types.Action) -> tuple[list[Phone], float]:
    """The phones of a take as they were edited, else as heard, and its length in seconds.

    ValueError when its model gives none.
    """
    duration_seconds = predictions.said(take)[0].duration_seconds
    return edits_of(take).said(duration_seconds), duration_seconds


def edits_of(take: bpy.types.Action) -> Edits:
    """The edited phones of a take, those heard where nothing is edited; ValueError when its model gives none."""
    edits = take_actions.read_phone_edits(take)
    if edits:
        return edits
    _, probabilities = predictions.said(take)
    if probabilities is None:
        model = take_actions.read_facts(take)["model"]
        raise ValueError(f"{model} gives no phones; generate the take with the default model")
    heard = tuple(segments(probabilities))
    return Edits(heard, heard)


def show(scene: bpy.types.Scene, obj: bpy.types.Object, take: bpy.types.Action) -> list[Any]:
    """Strips for the phones of a take on a free channel, in place of those that are there."""
    phones = edits_of(take).wanted
    hide(scene)
    facts = take_actions.read_facts(take)
    fps, fps_base = scene.render.fps, scene.render.fps_base
    starts = [facts["start_frame"] + seconds_to_frames(phone.start_seconds, fps, fps_base) for phone in phones]
    ends = [facts["start_frame"] + seconds_to_frames(phone.end_seconds, fps, fps_base) for phone in phones]
    frames = _whole_frames(starts, ends)
    editor = scene.sequence_editor or scene.sequence_editor_create()
    active = editor.active_strip
    channel = _free_channel(scene, frames[0][0], frames[-1][1])
    strips = []
    for number, (phone, (start, end)) in enumerate(zip(phones, frames, strict=True)):
        # a name that is taken makes Blender look for a free one, for seconds where there are hundreds
        strip = audio_io.add_color_strip(scene, f"{phone.name}.{number:03d}", channel, start, end)
        strip.mute, strip.select, strip.color = True, False, color(phone.name)
        strip[PHONE] = {
            "object": obj.name, "source": facts["source"],
            "seconds": (phone.start_seconds, phone.end_seconds),
            "frames": (start - facts["start_frame"], end - facts["start_frame"]),
        }  # fmt: skip
        strips.append(strip)
    editor.active_strip = active
    return strips


def hide(scene: bpy.types.Scene) -> None:
    """Remove the strips."""
    for strip in _strips(scene):
        audio_io.remove_strip(scene, strip)


def shown_take(scene: bpy.types.Scene) -> tuple[bpy.types.Object, bpy.types.Action]:
    """Whose phones are shown, and the take in use of that sound; ValueError when one is gone."""
    strip = next(iter(_strips(scene)), None)
    if strip is None:
        raise ValueError("No phones are shown; press Show Phones")
    facts = strip[PHONE]
    obj = bpy.data.objects.get(facts["object"])
    take = face.find_take(obj, facts["source"]) if obj else None
    if obj is None or take is None:
        raise ValueError(f"The take of {facts['source']} is gone; hide the phones, and show those of another")
    return obj, take


def read(scene: bpy.types.Scene) -> list[Phone]:
    """The phones that the strips say, in order of time; ValueError when a name is no speech sound."""
    start_frame = take_actions.read_facts(shown_take(scene)[1])["start_frame"]
    phones = [_phone(scene, strip, start_frame) for strip in _strips(scene)]
    return sorted((p for p in phones if p.end_seconds > p.start_seconds), key=lambda phone: phone.start_seconds)


def _phone(scene: bpy.types.Scene, strip: Any, start_frame: int) -> Phone:
    """What a strip says: a part that was not touched where it exactly was, a strip that was moved as long as it was."""
    name, known = phone_name(strip.name), strip[PHONE]
    check_name(name)
    fps, fps_base = scene.render.fps, scene.render.fps_base
    frames = [frame - start_frame for frame in audio_io.handles(strip)]
    moved = [frame - before for frame, before in zip(frames, known["frames"], strict=True)]
    times = [
        exact + frames_to_seconds(by, fps, fps_base) if moved[0] == moved[1] or by == 0
        else frames_to_seconds(frame, fps, fps_base)
        for frame, by, exact in zip(frames, moved, known["seconds"], strict=True)
    ]  # fmt: skip
    return Phone(name, max(0.0, times[0]), max(0.0, times[1]))


def phone_name(strip_name: str) -> str:
    """The phone that a strip is named by, without the number that tells it from others."""
    return strip_name.partition(".")[0].strip()


def color(name: str) -> tuple[float, float, float]:
    """Color of a phone's strip."""
    [first, *_] = classes_of(name)
    if first == SILENCE:
        return SILENCE_COLOR
    return LIP_COLOR if first == LIPS else VOWEL_COLOR if first in VOWELS else CONSONANT_COLOR


def follow(
    scene: bpy.types.Scene,
    obj: bpy.types.Object,
    take: bpy.types.Action,
    edits: Edits | None,
    shaping: Shaping,
    head: bpy.types.Object | None,
) -> str:
    """Keep edited phones with a take, or forget them, and write it anew; the name of the take that is there then.

    ValueError, with the take as it was, when that fails.
    """
    before = take_actions.read_phone_edits(take)
    take_actions.write_phone_edits(take, edits)
    try:
        if not take_actions.is_edited(take) and generation.reshape_in_place(scene, obj, take, shaping, head):
            return take.name
        return generation.reshape_take(scene, obj, take, shaping, head).take
    except ValueError:
        take_actions.write_phone_edits(take, before)
        raise


def say(
    scene: bpy.types.Scene,
    obj: bpy.types.Object,
    take: bpy.types.Action,
    text: str,
    language: str | None,
    shaping: Shaping,
    head: bpy.types.Object | None,
) -> tuple[str, transcript.Reading]:
    """Let a take say the phones of a text where they are heard: the name of the take, and what was found of the text.

    language is one of spelling.LANGUAGES, None to find it out. ValueError, with the take as it was, when that fails.
    """
    _, probabilities = predictions.said(take)
    if probabilities is None:
        raise ValueError(f"{take.name} has no phones; generate it with the default model")
    reading = transcript.read(text, probabilities, language)
    phones = tuple(reading.phones)
    return follow(scene, obj, take, Edits(phones, phones, text), shaping, head), reading


def apply(context: bpy.types.Context) -> str:
    """Let the face follow the strips; the name of the take."""
    obj, take = shown_take(context.scene)
    edits = edits_of(take)
    wanted = tuple(read(context.scene))
    if wanted == edits.wanted:
        return take.name
    is_edited = wanted != edits.heard or edits.transcript
    return _follow(context, obj, take, replace(edits, wanted=wanted) if is_edited else None)


def _follow(context: bpy.types.Context, obj: bpy.types.Object, take: bpy.types.Action, edits: Edits | None) -> str:
    """follow with the settings of the panel."""
    return follow(context.scene, obj, take, edits, properties.shaping(context), context.scene.voxkey.head)


def _strips(scene: bpy.types.Scene) -> list[Any]:
    return [strip for strip in audio_io.top_level_strips(scene) if PHONE in strip]


def _whole_frames(starts: Sequence[float], ends: Sequence[float]) -> list[tuple[int, int]]:
    """First frames and frames after the last one for strips that last a frame at least and do not overlap."""
    frames: list[tuple[int, int]] = []
    for i, (start, end) in enumerate(zip(starts, ends, strict=True)):
        first = max(round(start), frames[-1][1] if frames else round(start))
        is_touched = i + 1 < len(starts) and abs(starts[i + 1] - end) < 0.01
        last = round(starts[i + 1]) if is_touched else round(end)
        frames.append((first, max(last, first + 1)))
    return frames


def _free_channel(scene: bpy.types.Scene, start: int, end: int) -> int:
    """The lowest channel above all sounds at these frames on which nothing is there."""
    taken, sounds = {0}, {0}
    for strip in audio_io.top_level_strips(scene):
        first, last = audio_io.handles(strip)
        if first < end and last > start:
            taken.add(strip.channel)
            sounds |= {strip.channel} if strip.type == "SOUND" else set()
    return next(channel for channel in range(max(sounds) + 1, max(taken) + 2) if channel not in taken)


def no_phones_reason(context: bpy.types.Context) -> str | None:
    """Why no phones can be shown, as one sentence with what to do; None when they can."""
    obj = properties.target_object(context)
    problem = face.target_problem(obj)
    if obj is None or problem:
        return problem
    take = operators.current_take(context)
    if take is None:
        return f"{obj.name} has no take of this sound; generate one first"
    return None if take_actions.PHONES in take else f"{take.name} has no phones; generate it with the default model"


def no_take_reason(context: bpy.types.Context) -> str | None:
    """The same at once, for buttons that are drawn beside hundreds of strips: whether there are phones at all."""
    has_phones = any(take_actions.PHONES in action for action in bpy.data.actions)
    return None if has_phones else "No take has phones; generate one with the default model"


def not_shown_reason(context: bpy.types.Context) -> str | None:
    return None if is_shown(context.scene) else "No phones are shown; press Show Phones"


class _PhoneOperator:
    """What the buttons have in common: why they can't be pressed, and one sentence for an error."""

    bl_options = {"REGISTER", "UNDO"}
    reason: Callable[[bpy.types.Context], str | None] = staticmethod(no_phones_reason)

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return can_press(cls, cls.reason(context))

    def execute(self, context: bpy.types.Context) -> Any:
        try:
            self.report({"INFO"}, translated(self.act(context)))
        except ValueError as error:
            return refuse(self, error)
        return {"FINISHED"}

    def act(self, context: bpy.types.Context) -> str:
        """Do it, and say in one sentence what was done."""
        raise NotImplementedError


class VOXKEY_OT_show_phones(_PhoneOperator, bpy.types.Operator):
    bl_idname = "voxkey.show_phones"
    bl_label = "Show Phones"
    bl_description = (
        "Show which speech sound is heard when as muted strips above the sound. Move, trim, rename, split or delete "
        "them like any strip, then apply them"
    )

    def act(self, context: bpy.types.Context) -> str:
        take = operators.current_take(context)
        strips = show(context.scene, properties.target_object(context), take)
        return f"{len(strips)} phones of {take.name}, on channel {strips[0].channel} of the Sequencer"


class VOXKEY_OT_apply_phones(_PhoneOperator, bpy.types.Operator):
    bl_idname = "voxkey.apply_phones"
    bl_label = "Apply Phones"
    bl_description = (
        "Let the face follow the strips: it moves when they do, and says what they are named. Lips close on every p, b "
        "and m. All else stays as it was"
    )
    reason = staticmethod(not_shown_reason)

    def act(self, context: bpy.types.Context) -> str:
        return f"{apply(context)} follows its phones"


class VOXKEY_OT_hide_phones(_PhoneOperator, bpy.types.Operator):
    bl_idname = "voxkey.hide_phones"
    bl_label = "Hide Phones"
    bl_description = "Apply the phones and remove their strips; they are kept with the take"
    reason = staticmethod(not_shown_reason)

    def act(self, context: bpy.types.Context) -> str:
        try:
            shown_take(context.scene)
        except ValueError:  # there is nothing left to apply them to
            hide(context.scene)
            return "The take of these phones is gone"
        name = apply(context)
        hide(context.scene)
        return f"The phones are kept with {name}"


class VOXKEY_OT_reset_phones(_PhoneOperator, bpy.types.Operator):
    bl_idname = "voxkey.reset_phones"
    bl_label = "Reset Phones"
    bl_description = "Forget all edits and the transcript: the phones are those that the model heard"

    reason = staticmethod(no_take_reason)

    def act(self, context: bpy.types.Context) -> str:
        return _follow_and_show(context, *_chosen(context), None)


class VoxkeyPhoneSettings(bpy.types.PropertyGroup):
    """What is said in the chosen sound, kept with the scene."""

    words: bpy.props.StringProperty(  # type: ignore[valid-type]  # bpy declares properties by annotation
        name="Transcript",
        description="What is said in the sound; numbers as words. A wrong or missing word does no harm",
    )
    text: bpy.props.PointerProperty(  # type: ignore[valid-type]
        name="Text",
        description="A text of the Text Editor with what is said, for long recordings",
        type=bpy.types.Text,
    )
    language: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Language",
        description="Language of the transcript, whose spelling says which sounds its words have",
        items=[
            (ANY_LANGUAGE, "Auto", "The language whose sounds are heard best"),
            *((tag, name, "") for tag, name in spelling.LANGUAGES.items()),
        ],
    )


class VOXKEY_OT_use_transcript(_PhoneOperator, bpy.types.Operator):
    bl_idname = "voxkey.use_transcript"
    bl_label = "Use Transcript"
    bl_description = (
        "Find the words of the transcript in the sound: the phones become those that it says, and the lips close on "
        "every p, b and m that it has. Edits made by hand before are forgotten"
    )
    reason = staticmethod(no_take_reason)

    def act(self, context: bpy.types.Context) -> str:
        scene, settings = context.scene, context.scene.voxkey_phones
        text = settings.text.as_string() if settings.text else settings.words
        if not text.strip():
            raise ValueError("There is no transcript; write what is said, or choose a text")
        obj, take = _chosen(context)
        language = None if settings.language == ANY_LANGUAGE else settings.language
        name, reading = say(scene, obj, take, text, language, properties.shaping(context), scene.voxkey.head)
        if is_shown(scene):
            show(scene, obj, bpy.data.actions[name])
        spoken = spelling.LANGUAGES[reading.language]
        return f"The transcript says {reading.agreement:.0%} of what is heard, in {spoken}"


class VOXKEY_OT_name_phones(_PhoneOperator, bpy.types.Operator):
    bl_idname = "voxkey.name_phones"
    bl_label = "Name Selected Phones"
    bl_description = "Say another speech sound in the selected strips of the phones"
    reason = staticmethod(not_shown_reason)

    phone: bpy.props.EnumProperty(  # type: ignore[valid-type]  # bpy declares properties by annotation
        name="Phone",
        description="A class of speech sounds that share a mouth",
        items=[(name, f"{name}   {heard}", "") for name, heard in SOUNDS.items()],
    )

    def act(self, context: bpy.types.Context) -> str:
        selected = [strip for strip in _strips(context.scene) if strip.select and not strip.lock]
        if not selected:
            raise ValueError("No strip of a phone is selected, or all that are selected are locked; select one first")
        for strip in selected:
            strip.name, strip.color = self.phone, color(self.phone)
        return f"{len(selected)} strips are {self.phone} now; press Apply Phones"


class VOXKEY_OT_import_phones(_PhoneOperator, bpy.types.Operator, ImportHelper):
    bl_idname = "voxkey.import_phones"
    bl_label = "Import Phones"
    bl_description = (
        "Let the face follow phones from a TextGrid of Praat or another aligner, or from a JSON file that Voxkey "
        "exported, in seconds from the start of the take"
    )

    reason = staticmethod(no_take_reason)

    filter_glob: bpy.props.StringProperty(default="*.TextGrid;*.json", options={"HIDDEN"})  # type: ignore[valid-type]

    def act(self, context: bpy.types.Context) -> str:
        obj, take = _chosen(context)
        wanted = phone_files.read_phones(Path(bpy.path.abspath(self.filepath)))
        return _follow_and_show(context, obj, take, replace(edits_of(take), wanted=tuple(wanted)))


def _chosen(context: bpy.types.Context) -> tuple[bpy.types.Object, bpy.types.Action]:
    """The character whose phones are shown and its take, else the chosen ones; ValueError when there are none."""
    if is_shown(context.scene):
        return shown_take(context.scene)
    obj, take, problem = properties.target_object(context), operators.current_take(context), no_phones_reason(context)
    if obj is None or take is None or problem:
        raise ValueError(problem)
    return obj, take


def _follow_and_show(
    context: bpy.types.Context, obj: bpy.types.Object, take: bpy.types.Action, edits: Edits | None
) -> str:
    """Let a take follow edited phones, show them if phones are shown, and say so."""
    name = _follow(context, obj, take, edits)
    if is_shown(context.scene):
        show(context.scene, obj, bpy.data.actions[name])
    return f"{name} follows its phones" if edits else f"{name} follows the phones that the model heard"


def draw(layout: Any, context: bpy.types.Context) -> None:
    """The phones in the panel."""
    if is_shown(context.scene):
        column = layout.column(align=True)
        column.operator("voxkey.apply_phones", icon="CHECKMARK")
        column.operator("voxkey.hide_phones", icon="HIDE_ON")
        layout.operator_menu_enum("voxkey.name_phones", "phone", icon="SORTALPHA")
    else:
        layout.operator("voxkey.show_phones", icon="HIDE_OFF")
        sentence = no_phones_reason(context)
        if sentence:
            draw_sentence(layout, context, sentence, "INFO")
    settings = context.scene.voxkey_phones
    column = layout.column(align=True)
    row = column.row(align=True)
    row.active = settings.text is None
    row.prop(settings, "words", text="", icon="SYNTAX_OFF", placeholder="What is said")
    column.prop(settings, "text", text="")
    column.prop(settings, "language", text="")
    column.operator("voxkey.use_transcript", icon="WORDWRAP_ON")
    column = layout.column(align=True)
    column.operator("voxkey.import_phones", icon="IMPORT")
    column.operator("voxkey.reset_phones", icon="LOOP_BACK")


def attach() -> None:
    """Give every scene room for a transcript."""
    bpy.types.Scene.voxkey_phones = bpy.props.PointerProperty(type=VoxkeyPhoneSettings)


def detach() -> None:
    del bpy.types.Scene.voxkey_phones


CLASSES: tuple[Any, ...] = (
    VoxkeyPhoneSettings,
    VOXKEY_OT_use_transcript,
    VOXKEY_OT_show_phones,
    VOXKEY_OT_apply_phones,
    VOXKEY_OT_hide_phones,
    VOXKEY_OT_reset_phones,
    VOXKEY_OT_name_phones,
    VOXKEY_OT_import_phones,
)
