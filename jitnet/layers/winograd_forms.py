"""The forms that there are of a window's sums, by its weights along an axis."""

from __future__ import annotations

from jitnet.layers import winograd_five, winograd_three
from jitnet.layers.winograd_form import ONE, Form

FORMS: dict[int, tuple[Form, ...]] = {
    1: (ONE,),
    3: (winograd_three.TWO, winograd_three.THREE, winograd_three.FOUR),
    5: (winograd_five.TWO, winograd_five.FOUR),
}
