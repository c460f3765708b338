import { button, element, numberField, parse, replaceText, say, status } from "./controls.js";
import * as memory from "./memory.js";

// How sure one can say to be, and how often that would be right.
const LEVELS = [["a guess", 0.3], ["fairly sure", 0.6], ["almost certain", 0.9]];
const COMMITTED = "course-committed";
const COMPARED = "course-compared";
// What makes an action look again, on a page that was written and not run.
const AGAIN = { compare: COMMITTED, summary: COMPARED };
const tell = (event) => window.dispatchEvent(new Event(event));
const percent = (share) => `${Math.round(100 * share)} %`;

function youSaid(data, record) {
  const said = data.unit ? `${record.said} ${data.unit}` : record.said;
  return `You said: ${said} (${LEVELS[record.level][0]}).`;
}

function options(data) {
  let chosen = null;
  const nodes = data.options.map((text) =>
    button(text, (pressed) => {
      chosen = text;
      nodes.forEach((node) => node.setAttribute("aria-pressed", String(node === pressed)));
    }),
  );
  nodes.forEach((node) => node.setAttribute("aria-pressed", "false"));
  return {
    control: element("div", { class: "course-options" }, ...nodes),
    answer: () => chosen,
    missing: "First choose an answer.",
  };
}

function field(data, spoken) {
  const enter = () => say(spoken, "Now say how sure you are.");
  const { input, label } = numberField("Your prediction:", data.unit, enter);
  label.append(` (${data.rule})`);
  const answer = () => {
    const value = parse(input.value);
    return Number.isNaN(value) ? null : value;
  };
  return { control: label, answer, missing: "First type a number, such as 0.5." };
}

function ask(data, root) {
  const spoken = status();
  const controls = element("div");
  const legend = element("legend", {}, data.question);
  replaceText(root, element("fieldset", {}, legend, controls, spoken));

  function open() {
    const { control, answer, missing } = data.options ? options(data) : field(data, spoken);
    const commit = (level) => {
      const said = answer();
      if (said === null) return say(spoken, missing);
      memory.write(data.question, { said, level });
      close().focus();
      tell(COMMITTED);
    };
    const sure = LEVELS.map(([name, share], level) =>
      button(`${name} (${percent(share)})`, () => commit(level)),
    );
    const label = "How sure are you? This commits your prediction.";
    const group = element("div", { role: "group", "aria-label": label }, label);
    group.append(element("br"), ...sure);
    controls.replaceChildren(control, group);
    say(spoken, "");
  }

  function close() {
    const again = button("Predict again", () => {
      memory.write(data.question, null);
      open();
      controls.querySelector("button, input").focus();
    });
    controls.replaceChildren(again);
    say(spoken, `${youSaid(data, memory.read(data.question))} Now go on.`);
    return again;
  }

  if (memory.read(data.question)) close();
  else open();
}

function compare(data, root) {
  const spoken = status();
  replaceText(root, spoken);
  const record = memory.read(data.question);
  const was = `It was: ${data.shown}.`;
  if (!record) return say(spoken, `${was} You had made no prediction.`);
  const right = data.options
    ? record.said === data.value
    : Math.abs(record.said - data.value) <= data.within;
  memory.write(data.question, { ...record, right });
  tell(COMPARED);
  const verdict = right ? "Right." : "Not right: what did you not think of?";
  say(spoken, `${youSaid(data, record)} ${was} ${verdict}`, right ? "right" : "wrong");
}

function summary(data, root) {
  const spoken = status();
  const list = element("ul");
  replaceText(root, spoken, list);
  const records = data.questions.map((question) => memory.read(question));
  const judged = records.filter((record) => record && "right" in record);
  if (!judged.length) return say(spoken, "You have compared no prediction yet.");
  const rights = (some) => some.filter((record) => record.right).length;
  LEVELS.forEach(([name, share], level) => {
    const these = judged.filter((record) => record.level === level);
    if (these.length) {
      const text = `${name} (${percent(share)}): ${rights(these)} of ${these.length} right`;
      list.append(element("li", {}, text));
    }
  });
  const shares = judged.map((record) => LEVELS[record.level][1]);
  const expected = shares.reduce((sum, share) => sum + share, 0);
  const spread = Math.sqrt(shares.reduce((sum, share) => sum + share * (1 - share), 0));
  const surplus = rights(judged) - expected;
  const verdict =
    Math.abs(surplus) <= spread
      ? "You were about as sure as you were right."
      : surplus < 0
        ? "You were surer than you were right."
        : "You were right more often than you dared to say.";
  const count = `${rights(judged)} of ${judged.length} predictions were right`;
  say(spoken, `${count}; as sure as you were, ${expected.toFixed(1)} would be. ${verdict}`);
}

const actions = { ask, compare, summary };

export default {
  render({ model, el }) {
    const data = model.get("data");
    const act = () => actions[data.action](data, el);
    act();
    const event = !el.closest(".jp-Notebook") && AGAIN[data.action];
    if (event) window.addEventListener(event, act);
  },
};
