"""Letters to sounds: learned from words and their pronunciation, the same in numpy as in torch."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from blender_addon.core import spelling  # noqa: E402
from blender_addon.core.articulation import PHONES  # noqa: E402
from trainer.prepare.espeak import Voice, pronounce, words_of  # noqa: E402
from trainer.spelling.data import Word, classes_of, fake_vocabulary, make_batch, split  # noqa: E402
from trainer.spelling.model import SpellingNetwork  # noqa: E402
from trainer.spelling.train import Config, distance, export, read, step, validate  # noqa: E402


def test_words_are_pronounced_as_they_are_spoken() -> None:
    for word in ("people", "through", "beautiful"):
        assert ["".join(pronounce(word, "en-us"))] == ["".join(name) for name in words_of(word, Voice("en-us"))]
    assert len(pronounce("one. two. three.", "en-us")) > 6
    with pytest.raises(ValueError, match="no voice"):
        pronounce("one", "martian")


def test_sounds_of_one_class_count_once() -> None:
    assert [PHONES[c] for c in classes_of(["h", "ˈæ", "n", "d", "tʃ"])] == ["q", "æ", "t", "ʃ"]


def test_updates_teach_the_words() -> None:
    torch.manual_seed(0)
    network = SpellingNetwork(32, 16)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    words = fake_vocabulary()[:64]
    losses = [step(network, optimizer, make_batch(words))["loss"] for _ in range(120)]
    assert losses[-1] < 0.2 * losses[0]
    assert np.mean([figures["sounds_wrong"] for figures in validate(network, words).values()]) < 0.2


def test_the_shipped_network_says_the_same_in_torch(tmp_path: Path) -> None:
    arrays, _ = spelling._network(spelling.MODEL)
    n_features, n_letter_features = arrays["layers.0.weight"].shape[:2]
    network = SpellingNetwork(n_features, n_letter_features).eval()
    network.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
    words = [Word(w, language, [1], 1.0) for w, language in (("people", "en"), ("schön", "de"), ("aujourd'hui", "fr"))]
    batch = make_batch(words)
    with torch.no_grad():
        chosen = network(batch.letters, batch.languages, batch.lengths).argmax(dim=2).numpy()
    for word, row, length in zip(words, chosen, batch.lengths.tolist(), strict=True):
        said = [PHONES[c] for c in read(row[: 3 * length])]
        assert said == spelling.sounds_of(word.spelling, word.language)
    export(tmp_path / "a.npz", network, Config(), {})
    again, phones = spelling._network(tmp_path / "a.npz")
    assert phones == PHONES
    for name, array in arrays.items():
        np.testing.assert_allclose(again[name], array, atol=1e-3)


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(b"PK\x03\x04")
    with pytest.raises(ValueError, match="missing or damaged"):
        spelling._network(tmp_path / "a.npz")


def test_words_right_and_sounds_wrong() -> None:
    assert distance([1, 2, 3], [1, 2, 3]) == 0
    assert distance([1, 3], [1, 2, 3]) == 1
    assert distance([2, 1], [3]) == 2
    training, held_out = split(fake_vocabulary())
    assert (len(training), len(held_out)) == (380, 20)


def test_the_command_runs(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "trainer.spelling.train", "--fake", "--steps", "2", "--run", str(tmp_path / "run")]
    subprocess.run(command, check=True, capture_output=True)
    again = subprocess.run([*command[:5], "3", *command[6:]], capture_output=True)
    assert again.returncode == 0
    assert (tmp_path / "run" / "spelling.npz").exists()
