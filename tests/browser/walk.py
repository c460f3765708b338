"""Somebody before an explorer, who walks its table of transitions."""

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from helpers import interactive

import numpy as np

DEVICES = ("mouse", "keyboard", "touch")
POINTER = {"press", "move", "release", "hover"}  # on the explorer's area
PEN = {"down", "move", "lift"}  # on a pad
CLOCK = {"tick", "end"}  # what happens by itself
KEYS_ONLY = {"key"}
MOUSE_ONLY = {"hover", "hold", "follow"}


def table(name: str) -> dict[str, dict[str, str]]:
    """Return the transitions that an explorer's script declares."""
    source = (interactive.TEMPLATES / f"{name}.js").read_text("utf-8")
    text = re.search(r"TRANSITIONS = (\{.*?\n\});", source, re.S)[1]
    return json.loads(re.sub(r",\s*\}", "}", re.sub(r"(\w+):", r'"\1":', text)))


@dataclass(frozen=True)
class Explorer:
    """What a test must know of an explorer to walk it.

    Attributes:
        name: of its script.
        ways: from the first state into each: the events that lead there.
        controls: a control of the page for each event that one brings about; a
            slider's event is named in `sliders`.
        sliders: events of sliders.
        tabs: names of what the Tab key visits, in order; "…" stands for any number.
        area: finds what a pointer moves over.
        region: the attribute that says the state.
        is_pad: the area is a pad to draw on, with a pen.
    """

    name: str
    ways: Mapping[str, tuple[str, ...]]
    controls: Mapping[str, Callable]
    sliders: frozenset[str] = frozenset({"slide"})
    tabs: tuple[str, ...] = ()
    area: Callable = lambda page: page.get_by_role("application").first
    region: str = "state"
    is_pad: bool = False
    transitions: dict = field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "transitions", table(self.name))

    def cases(self) -> Iterator[tuple[str, str, str]]:
        """Yield each transition with each device that can bring it about."""
        for device in DEVICES:
            for state, events in self.transitions.items():
                # Keys drag nothing; a pointer that drags presses no button.
                if device == "keyboard" and state == "dragging":
                    continue
                busy = state == "drawing" and device != "keyboard"
                for event in events:
                    if busy and event not in PEN:
                        continue
                    if self.is_pad or can(device, event):
                        yield device, state, event


def can(device: str, event: str) -> bool:
    """Return whether a device can bring an event about."""
    return event not in {
        "mouse": KEYS_ONLY,
        "keyboard": POINTER,
        "touch": KEYS_ONLY | MOUSE_ONLY,
    }.get(device, set())


class Student:
    """Somebody with a mouse, a keyboard or a finger in front of an explorer."""

    def __init__(self, page, explorer: Explorer, device: str = "mouse"):
        page.wait_for_selector("[data-state]")
        self.page, self.explorer, self.device = page, explorer, device
        self.area = explorer.area(page)
        self.touch = page.context.new_cdp_session(page) if device == "touch" else None

    @property
    def state(self) -> str:
        return self.page.locator(".course").get_attribute(
            f"data-{self.explorer.region}"
        )

    def reach(self, state: str) -> None:
        """Bring the explorer from its first state into another one."""
        for event in self.explorer.ways[state]:
            self.do(event)
        assert self.state == state

    def do(self, event: str) -> None:
        if self.explorer.is_pad and event in PEN:
            self.draw(event)
        elif event in CLOCK:
            self.wait(event)
        elif event in POINTER:
            self.point(event)
        elif event == "key":
            self.area.focus()
            self.page.keyboard.press("ArrowRight")
        else:
            self.use(event)

    def wait(self, event: str) -> None:
        """Wait until what plays has moved, or is over."""
        moved = "document.querySelector('.course-way input').value > 0"
        over = "document.querySelector('.course').dataset.state != 'playing'"
        self.page.wait_for_function(moved if event == "tick" else over)

    def draw(self, event: str) -> None:
        """Put the pen of a pad down, move it, or lift it."""
        if self.device == "keyboard":
            self.area.press("ArrowDown" if event == "move" else "Space")
        else:
            self.point({"down": "press", "lift": "release"}.get(event, event))

    def point(self, event: str) -> None:
        if event in ("press", "hover"):
            self.area.scroll_into_view_if_needed()
        box = self.area.bounding_box()
        share = {"press": 0.3, "hover": 0.4, "move": 0.6, "release": 0.6}[event]
        self.point_at(
            event, box["x"] + share * box["width"], box["y"] + share * box["height"]
        )

    def point_at(self, event: str, x: float, y: float) -> None:
        """Bring an event of the pointer about at a place of the page."""
        if self.touch:
            names = {"press": "touchStart", "move": "touchMove", "release": "touchEnd"}
            points = [] if event == "release" else [{"x": x, "y": y}]
            message = {"type": names[event], "touchPoints": points}
            self.touch.send("Input.dispatchTouchEvent", message)
            return
        if event != "release":
            self.page.mouse.move(x, y)
        if event in ("press", "release"):
            {"press": self.page.mouse.down, "release": self.page.mouse.up}[event]()

    def use(self, event: str) -> None:
        """Use a control: a slider is moved, a button pressed."""
        control = self.explorer.controls[event](self.page)
        slides = event in self.explorer.sliders
        if self.device == "keyboard":
            control.press("ArrowRight" if slides else "Enter")
            return
        place = {}
        if slides:  # where it does not stand already
            place = {"position": {"x": 0.7 * control.bounding_box()["width"], "y": 5}}
        act = control.tap if self.device == "touch" else control.click
        act(**place)


TIMES = """(event) => {
  window.times = [];
  let begun;
  window.addEventListener(event, () => (begun = performance.now()), true);
  window.addEventListener(event, (e) => {
    const painted = performance.now();
    times.push([painted - begun, painted - e.timeStamp]);
  });
}"""


def milliseconds(page, event: str, control) -> float:
    """Return how long a page needs to paint after 95 of 100 events of a kind.

    The browser hands a pointer's moves over once a frame: that wait is not the page's,
    and is printed only.

    Args:
        page: with an explorer.
        event: "pointermove", or "input" of a slider.
        control: that the mouse is moved over, from left to right; a slider is dragged.
    """
    page.evaluate(TIMES, event)
    control.scroll_into_view_if_needed()
    box = control.bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + box["height"] / 2)
    if event == "input":
        page.mouse.down()
    for k in range(200):
        x = box["x"] + 5 + (box["width"] - 10) * k / 200
        page.mouse.move(x, box["y"] + box["height"] * (0.5 + 0.4 * math.sin(k / 10)))
    if event == "input":
        page.mouse.up()
    times = np.array(page.evaluate("times"))
    assert len(times) > 50
    own, all_of_it = np.percentile(times, 95, axis=0)
    print(f"{event}: {own:.1f} ms, with the wait for a frame {all_of_it:.1f} ms")
    return own


def focused_name(page) -> str:
    """Return what a screen reader calls the element that has the focus."""
    return page.evaluate(
        """() => {
          const { ariaLabel, labels, innerText, firstChild } = document.activeElement;
          const text = labels?.[0]?.innerText ?? (innerText || firstChild?.ariaLabel);
          return (ariaLabel ?? text ?? '').trim().split('\\n')[0];
        }"""
    )


def button(name: str) -> Callable:
    """Return a function that finds a button of exactly this name on a page."""
    return lambda page: page.get_by_role("button", name=name, exact=True)


def chosen(group: str, name: str) -> Callable:
    """Return a function that finds a button of a choice on a page."""
    return lambda page: page.get_by_role("group", name=group, exact=True).get_by_role(
        "button", name=name, exact=True
    )


def labelled(text: str) -> Callable:
    """Return a function that finds a slider by the beginning of its label."""
    return lambda page: page.get_by_label(re.compile(f"^{text}")).first
