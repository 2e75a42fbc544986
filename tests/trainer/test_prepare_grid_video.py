"""GRID's faces as landmark clips and pictures, made from a small video."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import av
import soundfile

from blender_addon.core.frames import load_frames
from trainer.landmark_clips import (
    LandmarkClip,
    fake_face,
    fake_landmark_clips,
    load_landmark_clip,
    nose_centred,
    save_landmark_clip,
)
from trainer.prepare.grid_video import Config, main

N_FRAMES = 7


def write_video(path: Path) -> None:
    """A grey picture that becomes lighter by 20 a frame."""
    with av.open(str(path), "w") as video:
        stream = video.add_stream("mpeg4", rate=25)
        stream.width = stream.height = 256
        for i in range(N_FRAMES):
            picture = np.full((256, 256, 3), 60 + 20 * i, np.uint8)
            video.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        video.mux(stream.encode())


@pytest.fixture
def corpus(tmp_path: Path) -> Config:
    """Three recordings of a speaker: one with a video, one without, and one that scores models."""
    config = Config(tmp_path / "grid_video" / "s1", tmp_path / "grid" / "s1", tmp_path / "faces")
    config.source.mkdir(parents=True)
    config.tracked.mkdir(parents=True)
    (tmp_path / "eval_split.json").write_text(json.dumps({"grid/s1": ["held"]}))
    face_px = np.repeat(fake_face()[None], N_FRAMES, axis=0) * 256
    for name in ("seen", "unseen", "held"):
        landmarks = np.concatenate([face_px * 0.7 + (40, 20), np.zeros((N_FRAMES, 68, 1))], axis=2)
        np.savez(config.tracked / f"{name}.npz", landmarks68=landmarks, fps=25.0)
        soundfile.write(config.tracked / f"{name}.wav", np.full(N_FRAMES * 640 - 100, 0.5), 16_000)
    for name in ("seen", "held"):
        np.savez(config.source / f"{name}.npz", landmarks68_px=face_px, fps=25.0)
        write_video(config.source / f"{name}.mp4")
    return config


def test_a_recording_becomes_a_clip_and_pictures_that_fit(corpus: Config) -> None:
    main(corpus)
    clip = load_landmark_clip(corpus.output / "clips" / "grid_s1" / "s1_seen.npz")
    assert (clip.speaker, clip.corpus, clip.landmarks.shape) == ("grid_s1", "grid", (N_FRAMES, 68, 2))
    assert len(clip.waveform) == N_FRAMES * 960
    assert np.allclose(clip.landmarks, fake_face(), atol=1e-5)
    frames = load_frames(corpus.output / "frames" / "grid_s1" / "s1_seen.npz")
    assert frames.images.mean(axis=(1, 2, 3)) == pytest.approx([60, 120, 180], abs=4)
    assert np.array_equal(frames.landmarks, clip.landmarks[::3])


def test_without_a_video_the_face_is_cropped_alike(corpus: Config) -> None:
    main(corpus)
    clip = load_landmark_clip(corpus.output / "clips" / "grid_s1" / "s1_unseen.npz")
    low, high = clip.landmarks[0].min(axis=0), clip.landmarks[0].max(axis=0)
    assert (low + high) / 2 == pytest.approx([0.5, 0.6], abs=1e-6)
    assert 1 / (high - low)[1] == pytest.approx(1.62, abs=1e-4)
    assert np.allclose(nose_centred(clip.landmarks), nose_centred(fake_face()), atol=1e-5)


def test_what_scores_models_is_kept_apart(corpus: Config) -> None:
    main(corpus)
    assert not [path for path in corpus.output.rglob("*.npz") if "held" in path.name]
    main(replace(corpus, scoring=True))
    scoring = corpus.output / "scoring"
    assert sorted(path.name for path in scoring.rglob("*.npz")) == ["s1_held.npz"] * 2
    assert len(load_frames(scoring / "frames" / "grid_s1" / "s1_held.npz").images) == N_FRAMES


def test_the_unseen_speaker_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="scores models and is never trained on"):
        main(Config(tracked=tmp_path / "s4"))


def test_a_damaged_video_gets_one_sentence(corpus: Config) -> None:
    (corpus.source / "seen.mp4").write_bytes(b"no video")
    with pytest.raises(ValueError, match=r"seen\.mp4 cannot be read"):
        main(corpus)


def test_a_clip_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    clip = fake_landmark_clips(1)[0]
    back = load_landmark_clip(save_landmark_clip(tmp_path, clip))
    assert np.array_equal(back.landmarks, clip.landmarks)
    assert np.allclose(back.waveform, clip.waveform, atol=1e-4)
    (tmp_path / "other.npz").write_bytes(b"nothing")
    with pytest.raises(ValueError, match="is no landmark clip"):
        load_landmark_clip(tmp_path / "other.npz")


def test_faces_are_compared_where_they_are_shifted_scaled_or_turned() -> None:
    clip: LandmarkClip = fake_landmark_clips(1)[0]
    turn = np.array([[np.cos(0.2), -np.sin(0.2)], [np.sin(0.2), np.cos(0.2)]])
    faces = nose_centred(clip.landmarks)
    assert np.allclose(faces, nose_centred((clip.landmarks * 1.7 + 0.1) @ turn), atol=1e-5)
    assert np.allclose(faces[:, 30], 0)
    assert np.allclose(faces[:, 45] - faces[:, 36], [1, 0], atol=1e-6)
