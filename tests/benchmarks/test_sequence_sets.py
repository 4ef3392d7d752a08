"""The texts that networks are compared on are divided as those of published figures."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sequence_sets

STEPS, STREAMS, LENGTH = 5, 4, 2000


@pytest.fixture(autouse=True)
def letters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> np.ndarray[Any, Any]:
    """A text, of which Shakespeare's takes the place, as places in its alphabet."""
    places = np.random.default_rng(0).integers(0, 26, LENGTH)
    (tmp_path / "text").mkdir()
    text = "".join(chr(ord("a") + place) for place in places)
    (tmp_path / "text" / "tinyshakespeare.txt").write_text(text)
    monkeypatch.setenv("JITNET_DATA", str(tmp_path))
    return places


def divided(sets: Any) -> tuple[sequence_sets.Part, sequence_sets.Part]:
    parts: tuple[sequence_sets.Part, sequence_sets.Part] = sets.__wrapped__(STEPS, STREAMS)
    for part in parts:
        np.testing.assert_array_equal(part.X[:, 1:], part.y[:, :-1])
    return parts


def test_the_end_of_each_stream_is_held_out(letters: np.ndarray[Any, Any]) -> None:
    training, test = divided(sequence_sets.shakespeare)
    pieces = (LENGTH - 1) // (STEPS * STREAMS)
    assert (len(training.X), len(test.X)) == (STREAMS * 94, STREAMS * (pieces - 94))
    for stream in range(STREAMS):
        joined = np.concatenate([part.X[stream::STREAMS].ravel() for part in (training, test)])
        begin = stream * len(joined)
        np.testing.assert_array_equal(joined, letters[begin : begin + len(joined)])


def test_the_end_of_the_text_is_held_out(letters: np.ndarray[Any, Any]) -> None:
    training, test = divided(sequence_sets.shakespeares_end)
    texts = letters[: LENGTH * 95 // 100], letters[LENGTH * 95 // 100 :]
    for part, text in zip((training, test), texts, strict=True):
        streams = [part.X[stream::STREAMS].ravel() for stream in range(STREAMS)]
        joined = np.concatenate(streams)
        np.testing.assert_array_equal(joined, text[: len(joined)])
        assert len(text) - len(joined) <= STEPS * STREAMS
