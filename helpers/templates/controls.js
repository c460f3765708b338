// What quizzes, predictions and explorers share: elements, buttons, keys, a spoken status.

export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

// JupyterLab leaves the keys alone while an element with this attribute has the focus.
export const OWN_KEYS = { "data-lm-suppress-shortcuts": "true" };

// The way to the right and upwards that an arrow key goes.
export const ARROWS = {
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1],
};

// Where a pointer is on an element, as shares of its width and height, downwards.
export function shares(node, { clientX, clientY }) {
  const { left, top, width, height } = node.getBoundingClientRect();
  return [(clientX - left) / width, (clientY - top) / height];
}

// A button with a text, or a picture that has a label, on it.
export function button(face, press) {
  const node = element("button", { type: "button", ...OWN_KEYS }, face);
  node.addEventListener("click", () => {
    if (node.getAttribute("aria-disabled") !== "true") press(node);
  });
  return node;
}

// Disabled for good, but still in the order of the Tab key: the focus is not lost.
export function disable(node) {
  node.setAttribute("aria-disabled", "true");
}

export function status() {
  return element("p", { role: "status", "aria-live": "polite" });
}

export function say(node, text, verdict = "") {
  node.className = verdict && `course-${verdict}`;
  node.textContent = text;
}

// Change a text that is read out when it changes, and leave it alone if it is the same.
export function tell(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// A number as people write it: with a comma, with a typographic minus.
export function parse(text) {
  const plain = text.trim().replace(",", ".").replace("\u2212", "-");
  return plain === "" ? NaN : Number(plain);
}

// A text field for a number, with its label; Enter does what the button does.
export function numberField(label, unit, enter) {
  const input = element("input", { type: "text", inputmode: "decimal", ...OWN_KEYS });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey) enter();
  });
  return { input, label: element("label", {}, label, " ", input, unit ? ` ${unit} ` : "") };
}

// Put elements in the place of the text that stands there without a script.
export function replaceText(root, ...nodes) {
  root.querySelector(".course-text").replaceChildren(...nodes);
  // Escape gives the keys back to the notebook, Shift+Enter in a field or on a button too.
  root.addEventListener("keydown", (event) => {
    const leave = event.key === "Escape" || (event.key === "Enter" && event.shiftKey);
    const notebook = root.closest(".jp-Notebook");
    if (!leave || !notebook) return;
    event.preventDefault();
    root.closest(".jp-Cell").focus();
  });
}
