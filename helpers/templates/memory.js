// The browser's memory of predictions; where it keeps none, that of this page.
const name = (question) => `autoencoder-course: ${question}`;

export function read(question) {
  try {
    return JSON.parse(localStorage.getItem(name(question)));
  } catch {
    return (window.coursePredictions ||= {})[question] ?? null;
  }
}

export function write(question, value) {
  try {
    localStorage.setItem(name(question), JSON.stringify(value));
  } catch {
    (window.coursePredictions ||= {})[question] = value;
  }
}
