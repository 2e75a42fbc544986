"""Who speaks what: a table of voices and characters, and the takes of all their strips in one job.

A voice is a Sequencer channel, a strip or a Speaker. Like one strip, many go through prepare, predict and write; what
can't be animated is left out and said, and nothing is written before everything has been heard.
"""

# ruff: noqa: N801, RUF012  (Blender wants these class names and plain class attributes)

# The bpy stubs make every data-block optional, and know neither add-ons' properties nor other versions' names.
# mypy: disable-error-code="union-attr, attr-defined, arg-type, misc, func-returns-value"

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from . import audio_io, face, generation, movement, operators, predictions, properties, take_actions
from .core.channels import BLENDSHAPE_CHANNELS
from .core.curves import Curves, frames_to_seconds
from .core.names import most_alike
from .core.shaping import Shaping
from .drawing import can_press, draw_sentence
from .translation import translated

LISTENING_SECONDS = 1.0
"""The shortest time between a character's own lines in which it is seen to listen."""
LISTENING_FPS = 50.0


@dataclass(frozen=True)
class Voice:
    """A row of the table."""

    sound: str
    """Name of a Sequencer channel, a sound strip or a Speaker, or number of a channel."""
    character: bpy.types.Object | None
    head: bpy.types.Object | None = None
    """Object that nods and turns, if any."""


@dataclass(frozen=True)
class Skipped:
    """What was left out, and why."""

    sound: str
    reason: str

    @property
    def sentence(self) -> str:
        return f"{self.sound} is left out: {self.reason}"


@dataclass(frozen=True)
class Script:
    """All lines of a dialogue, read from Blender."""

    requests: tuple[generation.Request, ...]
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True)
class Heard:
    """What the model said of each line."""

    lines: tuple[tuple[predictions.Place, predictions.Prediction], ...]
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True)
class Report:
    """What was written, and what was not."""

    lines: tuple[tuple[predictions.Place, generation.Result], ...]
    skipped: tuple[Skipped, ...]

    @property
    def sentences(self) -> list[str]:
        """What was written in one sentence, and one for everything to know."""
        characters = {place.object_name for place, _ in self.lines}
        written = f"{_counted(len(self.lines), 'line')} of {_counted(len(characters), 'character')} generated"
        notes = {f"{place.object_name}: {warning}": None for place, result in self.lines for warning in result.warnings}
        return [written, *(skipped.sentence for skipped in self.skipped), *notes]


def find_voices(scene: bpy.types.Scene) -> list[Voice]:
    """A row for each channel with sound and each Speaker, with the character whose names are most like theirs.

    A strip that names another character than the rest of its channel gets a row of its own. A scene's only character
    says everything.
    """
    names = {obj.name: _names_of(obj) for obj in characters(scene)}
    by_channel: dict[str, dict[str, str | None]] = {}
    for strip in sorted(audio_io.sound_strips(scene), key=lambda strip: strip.channel):
        channel = audio_io.channel_name(scene, strip)
        guess = _guess([strip.name, _stem(strip.sound), channel], names)
        by_channel.setdefault(channel, {})[strip.name] = guess
    rows: dict[str, str | None] = {}
    for channel, guesses in by_channel.items():
        usual = Counter(guess for guess in guesses.values() if guess).most_common(1)
        rows[channel] = usual[0][0] if usual else None
        rows |= {strip: guess for strip, guess in guesses.items() if guess and guess != rows[channel]}
    for speaker in audio_io.speakers(scene):
        rows[speaker.name] = _guess([speaker.name, _stem(speaker.data.sound)], names)
    return [Voice(sound, scene.objects.get(name or "")) for sound, name in rows.items()]


def characters(scene: bpy.types.Scene) -> list[bpy.types.Object]:
    """Of each character the object to generate for: the mesh with most shape keys, else the armature."""
    found: list[bpy.types.Object] = []
    candidates = [obj for obj in scene.objects if obj.type in {"MESH", "ARMATURE"} and not face.target_problem(obj)]
    for obj in sorted(candidates, key=_n_keys, reverse=True):
        if not any(obj in face.family(other) for other in found):
            found.append(obj)
    return sorted(found, key=lambda obj: obj.name)


def prepare(scene: bpy.types.Scene, voices: Sequence[Voice], model_path: Path, device: str) -> Script:
    """Read what each row makes heard, on the main thread; ValueError when nothing can be generated."""
    requests, skipped = [], []
    named = {voice.sound for voice in voices} & {*audio_io.source_names(scene)}
    for voice in voices:
        sources = audio_io.voice_sources(scene, voice.sound)
        if voice.sound not in named:
            sources = [source for source in sources if source.name not in named]
            if not sources:
                skipped.append(Skipped(voice.sound, "no channel, strip or Speaker of this name has a sound of its own"))
                continue
        if voice.character is None:
            skipped.append(Skipped(voice.sound, "no character is chosen for it"))
            continue
        for source in sources:
            try:
                requests.append(_line(scene, voice, source, model_path, device))
            except ValueError as error:
                skipped.append(Skipped(source.name, str(error)))
    if not requests:
        raise _nothing(skipped)
    return Script(tuple(requests), tuple(skipped))


def predict(
    script: Script,
    on_progress: Callable[[float], None] = lambda done: None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Heard:
    """Run the model over every line, in any thread; ValueError when all fail, core.model.Cancelled."""
    lines, skipped = [], list(script.skipped)
    n_all = sum(request.place.n_frames for request in script.requests)
    n_done = 0
    for request in script.requests:
        n_frames = request.place.n_frames
        try:
            prediction = generation.predict(
                request,
                lambda done, before=n_done, n=n_frames: on_progress((before + done * n) / n_all),
                is_cancelled,
            )
            lines.append((request.place, prediction))
        except ValueError as error:
            skipped.append(Skipped(request.place.source_name, str(error)))
        n_done += n_frames
    if not lines:
        raise _nothing(skipped)
    return Heard(tuple(lines), tuple(skipped))


def write(heard: Heard, shaping: Shaping, is_listening: bool = True) -> Report:
    """Write a take of every line, on the main thread; ValueError, with nothing written, when none can be.

    While others speak, the characters blink and look about, as takes of their own.
    """
    results, skipped = [], list(heard.skipped)
    for place, prediction in heard.lines:
        try:
            results.append((place, generation.write_result(place, shaping, prediction)))
        except ValueError as error:
            skipped.append(Skipped(place.source_name, str(error)))
    if not results:
        raise _nothing(skipped)
    _write_listening([place for place, _ in results], shaping, is_listening)
    return Report(tuple(results), tuple(skipped))


def generate(
    scene: bpy.types.Scene,
    voices: Sequence[Voice],
    shaping: Shaping,
    model_path: Path = generation.DEFAULT_MODEL,
    device: str = "AUTO",
    is_listening: bool = True,
) -> Report:
    """Every line of every voice, while the caller waits; ValueError, with nothing written, when all fail."""
    return write(predict(prepare(scene, voices, model_path, device)), shaping, is_listening)


def _line(scene: bpy.types.Scene, voice: Voice, source: Any, model_path: Path, device: str) -> generation.Request:
    if audio_io.is_muted(scene, source):
        raise ValueError("it is muted in the Sequencer")
    return generation.prepare(scene, voice.character, source.name, model_path, device, voice.head)


def _nothing(skipped: Iterable[Skipped]) -> ValueError:
    sentences = "; ".join(item.sentence for item in skipped)
    return ValueError(f"Nothing was generated: {sentences or 'the table is empty; click Find Voices'}")


def _write_listening(spoken: Sequence[predictions.Place], shaping: Shaping, is_wanted: bool) -> None:
    """For each character takes of life alone between its lines, in place of earlier ones; none if not wanted."""
    scene = bpy.data.scenes[spoken[0].scene_name]
    begin, end = min(place.start_frame for place in spoken), max(place.start_frame + place.n_frames for place in spoken)
    for name in dict.fromkeys(place.object_name for place in spoken):
        obj = bpy.data.objects[name]
        for take in _listening_takes(obj):
            take_actions.retire_take(take, face.moved_by(obj, take))
        own = [place for place in spoken if place.object_name == name]
        for start, n_frames in _pauses(own, begin, end) if is_wanted else ():
            seconds = frames_to_seconds(n_frames, scene.render.fps, scene.render.fps_base)
            if seconds < LISTENING_SECONDS:
                continue
            place = replace(own[0], source_name=f"listening {start}", start_frame=start, n_frames=n_frames)
            n_rows = round(seconds * LISTENING_FPS)
            silent = Curves(
                np.zeros((n_rows, len(BLENDSHAPE_CHANNELS)), np.float32), BLENDSHAPE_CHANNELS, LISTENING_FPS
            )
            prediction = predictions.Prediction(silent, "none", predictions.LISTENING, "CPU", None)
            seed = zlib.crc32(f"{shaping.seed} {name} {start}".encode()) >> 1  # two listeners do not blink alike
            generation.write_result(place, replace(shaping, seed=seed), prediction)


def _listening_takes(obj: bpy.types.Object) -> list[bpy.types.Action]:
    takes = dict.fromkeys(take for owner in face.owners(face.character(obj)) for take in take_actions.in_use(owner))
    return [take for take in takes if take_actions.read_facts(take)["model_kind"] == predictions.LISTENING]


def _pauses(own: Sequence[predictions.Place], begin: int, end: int) -> list[tuple[int, int]]:
    """(first frame, number of frames) from begin to end in which no line of one's own is heard."""
    pauses, free_from = [], begin
    for place in sorted(own, key=lambda place: place.start_frame):
        pauses.append((free_from, place.start_frame - free_from))
        free_from = max(free_from, place.start_frame + place.n_frames)
    return [(start, n) for start, n in (*pauses, (free_from, end - free_from)) if n > 0]


def _guess(texts: list[str], names: dict[str, list[str]]) -> str | None:
    return next(iter(names)) if len(names) == 1 else most_alike(texts, names)


def _names_of(obj: bpy.types.Object) -> list[str]:
    """What a character goes by: its objects, their data, and the collections that hold it."""
    family = face.family(obj)
    data = [member.data.name for member in family if member.data]
    return [*(member.name for member in family), *data, *(held.name for held in obj.users_collection)]


def _n_keys(obj: bpy.types.Object) -> int:
    keys = face.shape_keys(obj)
    return len(keys.key_blocks) if keys else 0


def _stem(sound: bpy.types.Sound | None) -> str:
    return Path(sound.filepath.replace("\\", "/")).stem if sound else ""


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _suggest(_owner: Any, context: bpy.types.Context, _text: str) -> list[str]:
    return audio_io.voice_names(context.scene)


class VoxkeyVoice(bpy.types.PropertyGroup):
    """A row of the table."""

    sound: bpy.props.StringProperty(  # type: ignore[valid-type]  # bpy declares properties by annotation
        name="Voice",
        description="Sequencer channel, sound strip or Speaker that this character speaks with; a strip that has a row "
        "of its own does not count to its channel",
        search=_suggest,
    )
    character: bpy.props.PointerProperty(  # type: ignore[valid-type]
        name="Character",
        description="Mesh of the face, or the armature of the character, that says it",
        type=bpy.types.Object,
        poll=lambda _owner, obj: obj.type in {"MESH", "ARMATURE"},
    )
    head: bpy.props.PointerProperty(  # type: ignore[valid-type]
        name="Head",
        description="Object that nods and turns with this voice, as the Head in the section Life; leave it empty for a "
        "head that keeps still",
        type=bpy.types.Object,
        poll=lambda _owner, obj: movement.head_problem(obj) is None,
    )


class VoxkeyDialogue(bpy.types.PropertyGroup):
    """The table, kept with the scene."""

    voices: bpy.props.CollectionProperty(type=VoxkeyVoice)  # type: ignore[valid-type]
    voice: bpy.props.IntProperty(name="Voice", description="Whose voice is whose", options=set())  # type: ignore[valid-type]
    listening: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Listen Meanwhile",
        description="Between its lines, until the last one has spoken, a character blinks and looks about",
        default=True,
        options=set(),
    )
    report: bpy.props.StringProperty(options={"HIDDEN"})  # type: ignore[valid-type]


class VOXKEY_UL_voices(bpy.types.UIList):
    """Voices and their characters."""

    def draw_item(
        self, context: bpy.types.Context, layout: Any, data: Any, item: Any, icon: Any, active: Any, name: Any, *_: Any
    ) -> None:
        row = layout.row(align=True)
        row.label(text=item.sound)
        row.prop(item, "character", text="")


class VOXKEY_OT_find_voices(bpy.types.Operator):
    bl_idname = "voxkey.find_voices"
    bl_label = "Find Voices"
    bl_description = (
        "Fill the table: a row for each Sequencer channel with sound and each Speaker, with the character whose name "
        "is like that of channel, strip or file. Rows with a character stay as they are"
    )
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> Any:
        table = context.scene.voxkey_dialogue
        kept = [row for row in voices(context.scene) if row.character and _is_heard(context.scene, row)]
        rows = [*kept, *(row for row in find_voices(context.scene) if row.sound not in {row.sound for row in kept})]
        if not rows:
            self.report({"ERROR"}, translated("There is no sound in the scene; add sound strips in the Sequencer"))
            return {"CANCELLED"}
        table.voices.clear()
        order = audio_io.voice_names(context.scene)
        for row in sorted(rows, key=lambda row: order.index(row.sound)):
            _add_row(table, row)
        n_open = sum(row.character is None for row in rows)
        self.report(
            {"INFO"}, translated(f"{_counted(len(rows), 'voice')}" + (f"; choose {n_open} more" if n_open else ""))
        )
        return {"FINISHED"}


class VOXKEY_OT_add_voice(bpy.types.Operator):
    bl_idname = "voxkey.add_voice"
    bl_label = "Add Voice"
    bl_description = "Add a row: choose a channel, strip or Speaker, and who says it"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> Any:
        table = context.scene.voxkey_dialogue
        _add_row(table, Voice("", None))
        table.voice = len(table.voices) - 1
        return {"FINISHED"}


class VOXKEY_OT_remove_voice(bpy.types.Operator):
    bl_idname = "voxkey.remove_voice"
    bl_label = "Remove Voice"
    bl_description = "Remove the selected row; takes stay"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        has_voice = len(context.scene.voxkey_dialogue.voices) > 0
        if not has_voice:
            cls.poll_message_set(translated("There is no row to remove"))
        return has_voice

    def execute(self, context: bpy.types.Context) -> Any:
        table = context.scene.voxkey_dialogue
        table.voices.remove(_selected(table))
        table.voice = max(0, min(table.voice, len(table.voices) - 1))
        return {"FINISHED"}


class VOXKEY_OT_generate_dialogue(operators.JobOperator, bpy.types.Operator):
    bl_idname = "voxkey.generate_dialogue"
    bl_label = "Generate All"
    bl_description = (
        "Generate every strip of every voice in the table, for its character. Strips that are muted in the Sequencer "
        "are left out; one that can't be read does not stop the others"
    )
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return can_press(cls, disabled_reason(context))

    def prepare(self, context: bpy.types.Context) -> Callable[..., Any]:
        self._shaping = properties.shaping(context)
        device = properties.device(context)
        return partial(predict, prepare(context.scene, voices(context.scene), properties.model_path(context), device))

    def write(self, context: bpy.types.Context, predicted: Heard) -> Any:
        report = write(predicted, self._shaping, context.scene.voxkey_dialogue.listening)
        context.scene.voxkey_dialogue.report = "\n".join(report.sentences)
        self.report({"WARNING" if report.skipped else "INFO"}, translated("; ".join(report.sentences)))
        return {"FINISHED"}


def voices(scene: bpy.types.Scene) -> list[Voice]:
    """The table of a scene."""
    return [Voice(row.sound, row.character, row.head) for row in scene.voxkey_dialogue.voices]


def disabled_reason(context: bpy.types.Context) -> str | None:
    """Why Generate All can't be pressed, as one sentence with what to do; None when it can."""
    if operators.running_job() is not None:
        return "Voxkey is generating; wait, or cancel it"
    if not any(row.sound and row.character for row in context.scene.voxkey_dialogue.voices):
        return "No voice has a character yet; click Find Voices, and choose who says what"
    return operators.runtime_problem(context)


def draw(layout: Any, context: bpy.types.Context) -> None:
    """The table, what is known of the selected row, and the button."""
    table = context.scene.voxkey_dialogue
    row = layout.row()
    row.template_list("VOXKEY_UL_voices", "", table, "voices", table, "voice", rows=3)
    side = row.column(align=True)
    side.operator("voxkey.add_voice", text="", icon="ADD")
    side.operator("voxkey.remove_voice", text="", icon="REMOVE")
    side.separator()
    side.operator("voxkey.find_voices", text="", icon="VIEWZOOM")
    if not table.voices:
        layout.operator("voxkey.find_voices", icon="VIEWZOOM")
    else:
        layout.use_property_split = True
        selected = table.voices[_selected(table)]
        column = layout.column(align=True)
        column.prop(selected, "sound", icon="SOUND")
        column.prop(selected, "head", icon="EMPTY_AXIS")
    layout.prop(table, "listening")
    button = layout.row()
    button.scale_y = 1.4
    button.operator("voxkey.generate_dialogue", icon="PLAY_SOUND")
    reason = disabled_reason(context)
    if reason:
        draw_sentence(layout, context, reason, "INFO")
    for number, sentence in enumerate(table.report.splitlines()):
        draw_sentence(layout, context, sentence, "CHECKMARK" if number == 0 else "ERROR")


def attach() -> None:
    """Give every scene a table."""
    bpy.types.Scene.voxkey_dialogue = bpy.props.PointerProperty(type=VoxkeyDialogue)


def detach() -> None:
    del bpy.types.Scene.voxkey_dialogue


def _add_row(table: Any, voice: Voice) -> None:
    row = table.voices.add()
    row.sound, row.character, row.head = voice.sound, voice.character, voice.head


def _selected(table: Any) -> int:
    return int(min(max(0, table.voice), len(table.voices) - 1))


def _is_heard(scene: bpy.types.Scene, voice: Voice) -> bool:
    return bool(audio_io.voice_sources(scene, voice.sound))


CLASSES: tuple[Any, ...] = (
    VoxkeyVoice,
    VoxkeyDialogue,
    VOXKEY_UL_voices,
    VOXKEY_OT_find_voices,
    VOXKEY_OT_add_voice,
    VOXKEY_OT_remove_voice,
    VOXKEY_OT_generate_dialogue,
)
