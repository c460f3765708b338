// Starts a module of an output in the output itself. Its parts find each other as blobs,
// so that nothing is fetched; `render` has the signature of an anywidget.
const root = document.currentScript.parentElement;
const data = JSON.parse(root.dataset.course);
const urls = {};
for (const [name, source] of Object.entries(SOURCES)) {
  const linked = source.replace(/from "\.\/(\w+\.js)"/g, (_, part) => `from "${urls[part]}"`);
  urls[name] = URL.createObjectURL(new Blob([linked], { type: "text/javascript" }));
}
import(Object.values(urls).at(-1)).then(({ default: widget }) => {
  widget.render({ model: { get: () => data }, el: root });
});
