import {
  button, disable, element, numberField, parse, replaceText, say, status,
} from "./controls.js";

function choices(question) {
  const spoken = status();
  const right = question.options.filter((option) => option.right).length;
  const several = question.type === "many_choice";
  let found = 0;
  const options = question.options.map((option) =>
    button(option.text, (node) => {
      node.setAttribute("aria-pressed", "true");
      disable(node);
      node.prepend(option.right ? "\u2713 " : "\u2717 ");
      found += option.right;
      const count = several ? ` Found: ${found} of ${right}.` : "";
      const verdict = option.right ? "Right." : "Not right.";
      say(spoken, `${verdict} ${option.feedback}${count}`, option.right ? "right" : "wrong");
    }),
  );
  options.forEach((node) => node.setAttribute("aria-pressed", "false"));
  return [element("div", { class: "course-options" }, ...options), spoken];
}

function number(question) {
  const spoken = status();
  const check = () => {
    const value = parse(field.input.value);
    if (Number.isNaN(value)) return say(spoken, "Type a number, such as 0.5.");
    const answer = question.options.find((option) => Math.abs(option.value - value) < 1e-9);
    const feedback = answer ? answer.feedback : question.otherwise;
    const right = Boolean(answer && answer.right);
    const verdict = right ? "Right." : "Not right.";
    say(spoken, `${verdict} ${feedback}`, right ? "right" : "wrong");
  };
  const field = numberField("Your answer:", "", check);
  return [field.label, button("Check", check), spoken];
}

const show = (question, index) =>
  element(
    "fieldset",
    {},
    element("legend", {}, `${index + 1}. ${question.text}`),
    ...(question.type === "numeric" ? number(question) : choices(question)),
  );

export default {
  render: ({ model, el }) => replaceText(el, ...model.get("data").questions.map(show)),
};
