"""What a page looks like: the pixels of a canvas, and whether all fits and is hit."""

import numpy as np

BRIGHTNESS = """(canvas) => {
  const size = [canvas.width, canvas.height];
  const { data } = canvas.getContext('2d').getImageData(0, 0, ...size);
  let [sum, count] = [0, 0];
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3] < 128) continue;
    sum += (data[i] + data[i + 1] + data[i + 2]) / 3;
    count += 1;
  }
  return sum / count;
}"""


def painted(canvas) -> np.ndarray:
    """Return the red of a canvas's pixels."""
    return np.array(
        canvas.evaluate(
            "c => Array.from(c.getContext('2d').getImageData(0, 0, c.width, c.height)"
            ".data).filter((_, i) => i % 4 == 0)"
        )
    )


def require_contrast(canvas, scheme: str) -> None:
    """Fail unless what is drawn stands out from a light page, or from a dark one."""
    brightness = canvas.evaluate(BRIGHTNESS)
    assert brightness < 120 if scheme == "light" else brightness > 140


def require_narrow(page, controls: str) -> None:
    """Fail unless nothing sticks out at 320 pixels, and a finger hits all controls."""
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    for control in page.locator(controls).all():
        box = control.bounding_box()
        assert min(box["width"], box["height"]) >= 24
        assert box["x"] + box["width"] <= 320
