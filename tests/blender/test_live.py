"""Live: the face follows a microphone or the timeline, nothing is keyed, and all is as it was at the end."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import bpy
import numpy as np
import pytest

from blender_addon import take_actions
from blender_addon.core.wav import read_wav, resample_waveform

from .interface import Context, Event, Layout, Pressed
from .scenes import NO_LIFE, TINY_MODEL, add_strip, jaw_keys, make_head, snapshot, write_bursts, written

ROOT = Path(__file__).parent.parent.parent
RATE_HZ = 16_000
DEVICE_LATENCY_SECONDS = 0.012


class FakeClock:
    """Time that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class FakeInput:
    """A microphone that hears when the test says so, in blocks as PortAudio hands them over."""

    latency = DEVICE_LATENCY_SECONDS
    opened: ClassVar[list[Any]] = []

    def __init__(self, **options: Any) -> None:
        self.options, self.is_open = options, True
        FakeInput.opened.append(self)

    def start(self) -> None:
        pass

    stop = start

    def close(self) -> None:
        self.is_open = False

    def hear(self, samples: Any, is_overflow: bool = False) -> None:
        status = SimpleNamespace(input_overflow=is_overflow)
        self.options["callback"](samples[:, None], len(samples), None, status)


class PortAudioError(Exception):
    pass


@pytest.fixture
def addon(extension: Any) -> Any:
    """Modules of the add-on by name."""
    return lambda name: sys.modules[f"{extension.__name__}.{name}"]


@pytest.fixture
def clock(addon: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeClock]:
    """A fake clock, a fake microphone, and the pretence of a window."""
    clock = FakeClock()
    fake = SimpleNamespace(InputStream=FakeInput, PortAudioError=PortAudioError, query_hostapis=lambda: [])
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    monkeypatch.setattr(addon("live"), "_clock", clock)
    monkeypatch.setattr(addon("operators"), "in_background", lambda: False)
    FakeInput.opened.clear()
    yield clock
    addon("live").stop()


@pytest.fixture
def face(addon: Any, scene: Any) -> Any:
    """A head with teeth, and the microphone chosen."""
    head = make_head(scene)
    make_head(scene, ["jawOpen"], "Teeth").parent = head
    bpy.context.view_layer.objects.active = head
    for layer in NO_LIFE:
        setattr(scene.voxkey, layer, 0.0)
    scene.voxkey_live.source = "MICROPHONE"
    return head


@pytest.fixture(scope="module")
def speech() -> Any:
    """2 s of speech at 16 kHz."""
    waveform, rate_hz = read_wav(ROOT / "tools" / "demo_speech.wav")
    return resample_waveform(waveform, rate_hz, RATE_HZ)[: 2 * RATE_HZ]


def press(addon: Any) -> tuple[Pressed, Context]:
    """Live, just pressed."""
    context, button = Context(), Pressed(addon("live").VOXKEY_OT_live)
    assert button.invoke(context, Event("LEFTMOUSE")) == {"RUNNING_MODAL"}, button.reports
    return button, context


def speak(button: Any, context: Any, clock: FakeClock, speech: Any, face: Any) -> Any:
    """Say all of it in real time: blocks of 10 ms, a tick of the timer every 1/60 s; the jaw (N,) at the ticks."""
    jaw, next_tick = [], clock.now + 1 / 60
    for start in range(0, len(speech), 160):
        clock.now += 0.01
        FakeInput.opened[-1].hear(speech[start : start + 160])
        if clock.now >= next_tick:
            next_tick += 1 / 60
            assert button.modal(context, Event("TIMER")) == {"PASS_THROUGH"}
            jaw.append(face.data.shape_keys.key_blocks["jawOpen"].value)
    return np.array(jaw)


def values(scene: Any) -> list[float]:
    return [block.value for obj in scene.objects for block in obj.data.shape_keys.key_blocks]


def test_the_face_speaks_with_the_microphone_and_is_put_back(
    addon: Any, scene: Any, face: Any, clock: FakeClock, speech: Any
) -> None:
    face.data.shape_keys.key_blocks["mouthSmileLeft"].value = 0.25
    before = values(scene)
    button, context = press(addon)
    jaw = speak(button, context, clock, speech, face)
    teeth = scene.objects["Teeth"].data.shape_keys.key_blocks["jawOpen"].value
    assert teeth == face.data.shape_keys.key_blocks["jawOpen"].value
    assert jaw.max() > 0.12 and (np.diff(jaw) != 0).mean() > 0.4
    assert written() == (0, 0)
    assert button.modal(context, Event("ESC")) == {"CANCELLED"}
    assert values(scene) == before
    assert written() == (0, 0)
    assert (context.window_manager.n_timers, FakeInput.opened[-1].is_open) == (0, False)


def test_the_delay_is_below_150_ms_and_reported(
    addon: Any, scene: Any, face: Any, clock: FakeClock, speech: Any
) -> None:
    button, context = press(addon)
    speak(button, context, clock, speech, face)
    source = addon("live").running().source
    assert 0.08 < np.median(source.delays_seconds) < max(source.delays_seconds) < 0.15
    button.modal(context, Event("ESC"))
    n_rows = len(source.rows)
    assert button.reports[-1].startswith(f"{n_rows / 50:.1f} s heard: {source.n_shown} of {n_rows} frames shown, ")
    assert "lost" not in button.reports[-1]


def test_frames_that_came_too_late_and_lost_sound_are_said(
    addon: Any, scene: Any, face: Any, clock: FakeClock, speech: Any
) -> None:
    button, context = press(addon)
    speak(button, context, clock, speech[:16_000], face)
    for start in range(16_000, 32_000, 160):  # Blender is busy for a second
        clock.now += 0.01
        FakeInput.opened[-1].hear(speech[start : start + 160], is_overflow=start == 16_000)
    shown = addon("live").running().source.n_shown
    button.modal(context, Event("TIMER"))
    source = addon("live").running().source
    assert source.n_shown == shown + 1
    assert len(source.rows) > 90  # all is followed, for the record
    button.modal(context, Event("ESC"))
    assert "sound was lost 1 times" in button.reports[-1]


def test_what_is_shown_does_not_depend_on_when_blender_looks(
    addon: Any, scene: Any, face: Any, clock: FakeClock, speech: Any
) -> None:
    button, context = press(addon)
    speak(button, context, clock, speech, face)
    rows = np.array(addon("live").running().source.rows)
    button.modal(context, Event("ESC"))
    button, context = press(addon)
    FakeInput.opened[-1].hear(speech)
    button.modal(context, Event("TIMER"))
    np.testing.assert_array_equal(np.array(addon("live").running().source.rows), rows)


def test_a_recording_becomes_a_strip_with_a_take(
    addon: Any, scene: Any, face: Any, clock: FakeClock, speech: Any
) -> None:
    scene.voxkey_live.is_recording = True
    scene.frame_set(11)
    before = values(scene)
    button, context = press(addon)
    speak(button, context, clock, speech, face)
    source = addon("live").running().source
    assert button.modal(context, Event("ESC")) == {"FINISHED"}
    assert button.reports[-1].startswith("Voxkey voice.wav: 52 shape keys over 48 frames")
    strip = addon("audio_io").sound_strips(scene)[0]
    heard = addon("audio_io").read_source(scene, strip)
    assert (strip.name, heard.start_frame, heard.n_frames) == ("voice.wav", 11, 48)
    np.testing.assert_allclose(heard.waveform[: len(speech)], speech, atol=1e-4)
    take = bpy.data.actions["Voxkey voice.wav"]
    rows = take_actions.read_prediction(take).values
    np.testing.assert_array_equal(rows[: len(source.rows)], source.rows)
    assert len(rows) == 100
    scene.voxkey.model, scene.voxkey.source = "DEFAULT", strip.name
    live_jaw = jaw_keys(take).copy()
    bpy.ops.voxkey.generate()  # the whole file at leisure: nearly the same
    jaw = jaw_keys(bpy.data.actions["Voxkey voice.wav"])
    assert jaw.shape == live_jaw.shape
    assert np.corrcoef(jaw[:, 1], live_jaw[:, 1])[0, 1] > 0.9
    assert len(before) == len(values(scene))


def test_the_button_stops_too_and_saving_keeps_the_face_as_it_was(
    addon: Any, scene: Any, face: Any, clock: FakeClock, speech: Any, tmp_path: Path
) -> None:
    before = values(scene)
    button, context = press(addon)
    speak(button, context, clock, speech[:20_000], face)
    assert values(scene) != before
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "saved.blend"))
    assert values(scene) == before
    speak(button, context, clock, speech[20_000:30_000], face)
    assert values(scene) != before  # and goes on
    again = Pressed(addon("live").VOXKEY_OT_live)
    assert again.invoke(context, Event("LEFTMOUSE")) == {"CANCELLED"}
    assert button.modal(context, Event("TIMER")) == {"CANCELLED"}
    assert values(scene) == before
    assert addon("live").running() is None


def test_undo_meanwhile_is_survived(addon: Any, scene: Any, face: Any, clock: FakeClock, speech: Any) -> None:
    bpy.ops.ed.undo_push(message="before")
    scene.frame_set(5)
    bpy.ops.ed.undo_push(message="after")
    before = values(scene)
    button, context = press(addon)
    speak(button, context, clock, speech[:20_000], face)
    bpy.ops.ed.undo()
    assert values(bpy.context.scene) == before
    speak(button, context, clock, speech[20_000:30_000], bpy.data.objects["Head"])
    assert values(bpy.context.scene) != before
    button.modal(context, Event("ESC"))
    assert values(bpy.context.scene) == before


def test_undo_to_a_moment_of_it_finds_the_face_as_it_was(
    addon: Any, timeline: Any, clock: FakeClock, speech: Any
) -> None:
    """Sliders that are moved meanwhile make undo steps, which hold the face as it is then."""
    timeline.voxkey_live.source = "MICROPHONE"
    timeline.voxkey.model = "DEFAULT"
    bpy.context.view_layer.update()
    before, head = values(timeline), timeline.objects["Head"]
    bpy.ops.ed.undo_push(message="before")
    button, context = press(addon)
    speak(button, context, clock, speech[:20_000], head)
    assert values(timeline) != before
    bpy.ops.ed.undo_push(message="a slider was moved")
    button.modal(context, Event("ESC"))
    bpy.ops.ed.undo_push(message="afterwards")
    bpy.ops.ed.undo()
    scene = bpy.context.scene
    assert values(scene) == before
    tracks = scene.objects["Head"].data.shape_keys.animation_data.nla_tracks
    assert not any(track.mute for track in tracks)
    assert not any("voxkey_before_live" in obj for obj in scene.objects)


def test_a_deleted_face_ends_it_with_a_sentence(
    addon: Any, scene: Any, face: Any, clock: FakeClock, speech: Any
) -> None:
    button, context = press(addon)
    speak(button, context, clock, speech[:10_000], face)
    bpy.data.objects.remove(face)
    FakeInput.opened[-1].hear(speech[10_000:20_000])
    assert button.modal(context, Event("TIMER")) == {"CANCELLED"}
    assert button.reports[-1].startswith("Live has stopped: ")
    assert (addon("live").running(), FakeInput.opened[-1].is_open) == (None, False)


def test_without_the_package_one_sentence_says_how_to_get_it(
    addon: Any, scene: Any, face: Any, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    button = Pressed(addon("live").VOXKEY_OT_live)
    before = snapshot(scene.voxkey_live)
    assert button.invoke(Context(), Event("LEFTMOUSE")) == {"CANCELLED"}
    assert button.reports[-1].startswith("The microphone needs the package sounddevice, which is not part of Voxkey")
    assert "-m pip install --target" in button.reports[-1]
    assert snapshot(scene.voxkey_live) == before


def test_a_microphone_that_is_refused_gives_one_sentence(
    addon: Any, scene: Any, face: Any, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_options: Any) -> Any:
        raise PortAudioError("Invalid device")

    monkeypatch.setattr(sys.modules["sounddevice"], "InputStream", refuse)
    button = Pressed(addon("live").VOXKEY_OT_live)
    assert button.invoke(Context(), Event("LEFTMOUSE")) == {"CANCELLED"}
    assert button.reports[-1].startswith("The microphone can't be opened (Invalid device)")


def test_windows_is_asked_for_its_quick_interface(
    addon: Any, scene: Any, face: Any, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = sys.modules["sounddevice"]
    apis = [{"name": "MME", "default_input_device": 1}, {"name": "Windows WASAPI", "default_input_device": 7}]
    monkeypatch.setattr(fake, "query_hostapis", lambda: apis)
    monkeypatch.setattr(fake, "WasapiSettings", lambda auto_convert: auto_convert, raising=False)
    press(addon)
    options = FakeInput.opened[-1].options
    assert (options["device"], options["extra_settings"], options["samplerate"]) == (7, True, RATE_HZ)


@pytest.fixture
def timeline(addon: Any, scene: Any, face: Any, clock: FakeClock, tmp_path: Path) -> Any:
    """A strip from frame 11 on with bursts at 0.5 and 1.5 s, heard by the tiny model, and a take of it already."""
    add_strip(scene, write_bursts(tmp_path / "line.wav", 2.0, [0.5, 1.5]), 11)
    scene.voxkey.model, scene.voxkey.model_path = "FILE", str(TINY_MODEL)
    scene.voxkey_live.source = "TIMELINE"
    bpy.ops.voxkey.generate("EXEC_DEFAULT")
    return scene


def follow(addon: Any, button: Any, context: Any, frames: list[int]) -> list[float]:
    """The jaw at frames of the timeline."""
    addon("live").running().source._job.result()
    jaw = []
    for frame in frames:
        context.scene.frame_set(frame)
        button.modal(context, Event("TIMER"))
        jaw.append(context.scene.objects["Head"].data.shape_keys.key_blocks["jawOpen"].value)
    return jaw


def test_the_timeline_moves_the_face_without_delay(addon: Any, timeline: Any) -> None:
    tracks = [snapshot(track) for track in timeline.objects["Head"].data.shape_keys.animation_data.nla_tracks]
    keys = jaw_keys(bpy.data.actions["Voxkey line.wav"])
    wanted = dict(zip(keys[:, 0].astype(int).tolist(), keys[:, 1].tolist(), strict=True))
    button, context = press(addon)
    jaw = follow(addon, button, context, [23, 30, 47, 200])
    np.testing.assert_allclose(jaw, [wanted[23], wanted[30], wanted[47], 0], atol=1e-6)
    timeline.voxkey.live_shaping, timeline.voxkey.strength = False, 0.5
    np.testing.assert_allclose(follow(addon, button, context, [23]), [wanted[23] / 2], atol=1e-6)
    assert button.modal(context, Event("ESC")) == {"CANCELLED"}
    now = timeline.objects["Head"].data.shape_keys.animation_data.nla_tracks
    assert [snapshot(track) for track in now] == tracks


def test_a_recording_of_the_timeline_is_what_generate_writes(addon: Any, timeline: Any) -> None:
    keys = jaw_keys(bpy.data.actions["Voxkey line.wav"]).copy()
    bpy.ops.voxkey.delete_take()
    timeline.voxkey_live.is_recording = True
    button, context = press(addon)
    follow(addon, button, context, [23])
    assert button.modal(context, Event("ESC")) == {"FINISHED"}
    np.testing.assert_array_equal(jaw_keys(bpy.data.actions["Voxkey line.wav"]), keys)


def test_a_muted_sound_or_none_is_refused(addon: Any, timeline: Any) -> None:
    strip = addon("audio_io").sound_strips(timeline)[0]
    strip.mute = True
    button = Pressed(addon("live").VOXKEY_OT_live)
    assert button.invoke(Context(), Event("LEFTMOUSE")) == {"CANCELLED"}
    assert "it is muted in the Sequencer" in button.reports[-1]
    addon("audio_io").remove_strip(timeline, strip)
    assert addon("live").disabled_reason(bpy.context).startswith("Add a sound strip with the speech")


def test_eyes_blink_meanwhile(addon: Any, scene: Any, face: Any, clock: FakeClock) -> None:
    scene.voxkey.blinks = 1.0
    button, context = press(addon)
    lids = []
    for _ in range(40):
        FakeInput.opened[-1].hear(np.zeros(RATE_HZ // 10, np.float32))
        button.modal(context, Event("TIMER"))
        lids.append(face.data.shape_keys.key_blocks["eyeBlinkLeft"].value)
    assert max(lids) > 0.3 and min(lids) < 0.1


def test_the_section_says_what_goes_on(addon: Any, scene: Any, face: Any, clock: FakeClock, speech: Any) -> None:
    layout = Layout()
    addon("live").draw(layout, Context())
    assert {"source", "is_recording", "voxkey.live"} <= set(layout.drawn) and "Live" in layout.texts
    button, context = press(addon)
    speak(button, context, clock, speech[:16_000], face)
    layout = Layout()
    addon("live").draw(layout, Context())
    assert "Stop" in layout.texts and "after the sound" in " ".join(layout.texts)


def test_without_a_window_it_says_so(scene: Any, face: Any) -> None:
    with pytest.raises(RuntimeError, match="Live needs Blender's window"):
        bpy.ops.voxkey.live()
