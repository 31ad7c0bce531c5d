// A run as it happens. The run's process sends what there is to see, drawn and escaped already; this puts it in its place
// and keeps the cross-hair where it was. When the run has ended the page stays as it is and needs nobody any more.
const main = one("#main");
const state = one("#state");
let crosses = new Map();
let ended = false;

function place(text) {
  // Inert until it is here: scripts in it would not run, and the policy has no place for any.
  const parsed = new DOMParser().parseFromString(text, "text/html");
  return [...parsed.body.childNodes].map((node) => document.importNode(node, true));
}

function show({ run, loads, title }) {
  const pointed = [...crosses].map(([name, cross]) => [name, cross.at()]).filter(([, at]) => at >= 0);
  const focus = document.activeElement?.closest?.("[aria-labelledby]")?.getAttribute("aria-labelledby");
  main.replaceChildren(...place(run));
  document.title = title;
  crosses = addCrosses(main, loads);
  for (const [name, at] of pointed) crosses.get(name)?.show(at);
  if (focus) one(`.panels[aria-labelledby="${CSS.escape(focus)}"]`, main)?.focus({ preventScroll: true });
}

async function keepReport() {
  const near = one("#report-place");
  if (!near) return;
  const answer = await fetch("report");
  if (!answer.ok) return;
  const address = URL.createObjectURL(new Blob([await answer.text()], { type: "text/html" }));
  near.replaceChildren(make("a", { href: address, target: "_blank", textContent: "Open the report" }), " ", ...near.childNodes);
}

const source = new EventSource("events");
source.addEventListener("open", () => { state.textContent = "Live"; });
source.addEventListener("now", (event) => show(JSON.parse(event.data)));
source.addEventListener("end", () => {
  ended = true;
  source.close();
  state.textContent = "The run has ended; this is its last state.";
  keepReport().catch(() => {});
});
source.addEventListener("error", () => {
  if (!ended) state.textContent = "The run's process does not answer: it has ended, or was stopped. This is the last that was seen.";
});
