"""The networks for sequences: characters, chords, pixels, and a bag of words."""

from __future__ import annotations

from networks import Dense, Embedding, GlobalAverage, Network, Recurrent


def writer(cell: str) -> Network:
    """Two recurrent layers over 50 characters, as in char-rnn."""
    recurrent = Recurrent(cell, 128), Recurrent(cell, 128)
    return Network((50,), (Embedding(65, 128), *recurrent, Dense(65)))


LSTM_WRITER, GRU_WRITER = writer("lstm"), writer("gru")
MUSICIAN = Network((100, 88), (Recurrent("gru", 46), Dense(88)))
"""Of Bach's chorales (Chung et al., 2014): the keys of each chord, and of the next one."""
PIXELS = Network((784, 1), (Recurrent("lstm", 130, sequences=False), Dense(10)))
"""MNIST pixel by pixel, as in the paper on temporal convolutions (Bai et al., 2018)."""
BAG = Network((200,), (Embedding(10_000, 64), GlobalAverage(), Dense(64, "relu"), Dense(1)))
"""The mean of the words' vectors."""
