// What quizzes and predictions share: elements, buttons, a spoken status, a memory.
const root = document.currentScript.parentElement;
const data = JSON.parse(root.dataset.course);

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

// JupyterLab leaves the keys alone while an element with this attribute has the focus.
const OWN_KEYS = { "data-lm-suppress-shortcuts": "true" };

function button(text, press) {
  const node = element("button", { type: "button", ...OWN_KEYS }, text);
  node.addEventListener("click", () => {
    if (node.getAttribute("aria-disabled") !== "true") press(node);
  });
  return node;
}

// Disabled for good, but still in the order of the Tab key: the focus is not lost.
function disable(node) {
  node.setAttribute("aria-disabled", "true");
}

function status() {
  return element("p", { role: "status", "aria-live": "polite" });
}

function say(node, text, verdict = "") {
  node.className = verdict && `course-${verdict}`;
  node.textContent = text;
}

// Escape gives the keys back to the notebook, Shift+Enter in a field or on a button too.
root.addEventListener("keydown", (event) => {
  const leave = event.key === "Escape" || (event.key === "Enter" && event.shiftKey);
  const notebook = root.closest(".jp-Notebook");
  if (!leave || !notebook) return;
  event.preventDefault();
  root.closest(".jp-Cell").focus();
});

// A number as people write it: with a comma, with a typographic minus.
function parse(text) {
  const plain = text.trim().replace(",", ".").replace("\u2212", "-");
  return plain === "" ? NaN : Number(plain);
}

// A text field for a number, with its label; Enter does what the button does.
function numberField(label, unit, enter) {
  const input = element("input", { type: "text", inputmode: "decimal", ...OWN_KEYS });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey) enter();
  });
  return { input, label: element("label", {}, label, " ", input, unit ? ` ${unit} ` : "") };
}

// The browser's memory of predictions; where it keeps none, that of this page.
const memory = {
  name: (question) => `autoencoder-course: ${question}`,
  read(question) {
    try {
      return JSON.parse(localStorage.getItem(this.name(question)));
    } catch {
      return (window.coursePredictions ||= {})[question] ?? null;
    }
  },
  write(question, value) {
    try {
      localStorage.setItem(this.name(question), JSON.stringify(value));
    } catch {
      (window.coursePredictions ||= {})[question] = value;
    }
  },
};

function replaceText(...nodes) {
  root.querySelector(".course-text").replaceChildren(...nodes);
}
