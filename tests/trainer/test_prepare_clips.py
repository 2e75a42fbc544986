"""Clips survive the way through their file, and what is no clip is named."""

from pathlib import Path

import numpy as np
import pytest

from trainer.clips import PHONES, fake_clips, list_clips, load_clip, save_clip


def test_a_clip_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    [clip] = fake_clips(1)
    path = save_clip(tmp_path / "new" / "folder", clip)
    loaded = load_clip(path)
    assert path.name == f"{clip.name}.npz"
    assert list(path.parent.iterdir()) == [path]
    np.testing.assert_allclose(loaded.waveform, clip.waveform, atol=1 / 32000)
    np.testing.assert_allclose(loaded.curves.values, clip.curves.values, atol=1e-3)
    np.testing.assert_array_equal(loaded.labelled, clip.labelled)
    np.testing.assert_array_equal(loaded.phones, clip.phones)
    assert loaded.phones.dtype == np.int8
    assert (loaded.corpus, loaded.speaker, loaded.language, loaded.licence) == ("fake", "noise", "zxx", "none")


@pytest.mark.parametrize("damage", [b"", b"no archive", b"PK\x03\x04 half an archive"])
def test_a_damaged_clip_is_named(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "clip.npz"
    path.write_bytes(damage)
    with pytest.raises(ValueError, match=r"clip\.npz is not a prepared clip .*; prepare the corpus again"):
        load_clip(path)


def test_a_truncated_clip_is_named(tmp_path: Path) -> None:
    path = save_clip(tmp_path, fake_clips(1)[0])
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(ValueError, match="is not a prepared clip"):
        load_clip(path)


def test_a_clip_from_before_clips_knew_phones_is_to_be_prepared_again(tmp_path: Path) -> None:
    path = save_clip(tmp_path, fake_clips(1)[0])
    with np.load(path) as arrays:
        np.savez(path, **{name: arrays[name] for name in arrays.files if name != "phones"})
    with pytest.raises(ValueError, match=r"is not a prepared clip .*phones.*; prepare the corpus again"):
        load_clip(path)


def test_fake_phones_follow_the_jaw() -> None:
    for clip in fake_clips(3):
        jaw = clip.curves.column("jawOpen")
        assert len(clip.phones) == len(jaw)
        assert (clip.phones[jaw > 0.8] == PHONES.index("a")).all()
        assert (clip.phones[jaw == 0] == PHONES.index("sil")).all()


def test_every_clip_is_on_one_side_of_the_split(tmp_path: Path) -> None:
    for i in range(200):
        (tmp_path / f"clip_{i:04d}.npz").touch()
    training, validation = list_clips(tmp_path, validation=False), list_clips(tmp_path, validation=True)
    assert len(training) + len(validation) == 200
    assert not set(training) & set(validation)
    assert 5 < len(validation) < 30


def test_a_corpus_on_another_disk_is_found_through_a_link(tmp_path: Path) -> None:
    elsewhere, clips = tmp_path / "disk" / "grid", tmp_path / "clips"
    elsewhere.mkdir(parents=True)
    clips.mkdir()
    (clips / "grid").symlink_to(elsewhere)
    for i in range(100):
        (elsewhere / f"clip_{i:04d}.npz").touch()
    found = list_clips(clips, validation=False) + list_clips(clips, validation=True)
    assert {path.parent for path in found} == {clips / "grid"} and len(found) == 100
