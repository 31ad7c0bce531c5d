// The list of tests: columns of the embedded data, filtered and sorted as indices, drawn a part at a time.
const FIRST = 50;
const MORE = 200;
const tests = data.tests;
const view = { outcome: "", query: "", category: "", sort: "", bug: "", rows: [], drawn: 0 };
const marks = { passed: "✓", failed: "✗", error: "✗", skipped: "–", xfailed: "–", xpassed: "?" };
const classes = { passed: "pass", failed: "fail", error: "fail", xpassed: "unknown" };

const nameOf = (row) => tests.files[tests.file[row]] + tests.name[row];
const msOf = (row) => (tests.setup[row] ?? 0) + (tests.call[row] ?? 0) + (tests.teardown[row] ?? 0);

function duration(ms) {
  if (ms < 0.5) return ms > 0 ? "<1 ms" : "0 s";
  if (ms < 1000) return `${ms.toFixed(0)} ms`;
  return ms < 59950 ? `${(ms / 1000).toFixed(1)} s` : `${Math.floor(ms / 60000)} min ${String(Math.round(ms / 1000) % 60).padStart(2, "0")} s`;
}

function choose() {
  const words = view.query.toLowerCase().split(/\s+/).filter(Boolean);
  const outcome = tests.outcomes.indexOf(view.outcome);
  const category = tests.categories.indexOf(view.category);
  const bug = tests.bugs.indexOf(view.bug);
  view.rows = [];
  for (let row = 0; row < tests.name.length; row += 1) {
    if (view.outcome && tests.outcome[row] !== outcome) continue;
    if (view.category && tests.category[row] !== category) continue;
    if (view.bug && tests.bug[row] !== bug) continue;
    if (words.length) {
      const name = nameOf(row).toLowerCase();
      if (!words.every((word) => (word.length > 1 && word[0] === "!" ? !name.includes(word.slice(1)) : name.includes(word)))) continue;
    }
    view.rows.push(row);
  }
  const order = {
    time: (a, b) => msOf(b) - msOf(a),
    name: (a, b) => (nameOf(a) < nameOf(b) ? -1 : 1),
    outcome: (a, b) => tests.rank[tests.outcome[a]] - tests.rank[tests.outcome[b]],
  };
  if (Object.hasOwn(order, view.sort)) view.rows.sort((a, b) => order[view.sort](a, b) || a - b);
}

// A long name may break where it has joints, rather than anywhere.
function breakable(text) {
  return text.split(/(?<=[/_]|::)/).flatMap((part, index) => (index ? [make("wbr"), part] : [part]));
}

function rowOf(row) {
  const outcome = tests.outcomes[tests.outcome[row]];
  const mark = make("td", { textContent: `${Object.hasOwn(marks, outcome) ? marks[outcome] : "?"} ${outcome}` });
  if (Object.hasOwn(classes, outcome)) mark.className = classes[outcome];
  const name = make("td", {}, make("span", {}, ...breakable(tests.files[tests.file[row]])), ...breakable(tests.name[row]));
  const notes = [];
  if (tests.reruns[row]) notes.push(`${tests.reruns[row]} ${tests.reruns[row] === 1 ? "rerun" : "reruns"}`);
  if (["confirmed", "differed", "victim", "brittle", "self-polluting", "nondeterministic"].includes(tests.trusts[tests.trust[row]])) notes.push(tests.trusts[tests.trust[row]]);
  if (tests.reason[row]) notes.push(tests.reason[row]);
  if (notes.length) name.append(" ", make("small", { textContent: notes.join("; ") }));
  const bug = make("td");
  if (tests.bug[row] >= 0) {
    const id = tests.bugs[tests.bug[row]];
    bug.append(make("a", { href: `#bug-${encodeURIComponent(id)}`, textContent: id, className: "mono" }));
  }
  return make("tr", {}, mark, name, make("td", { textContent: tests.categories[tests.category[row]] }),
    make("td", { className: "n", textContent: duration(msOf(row)) }), bug);
}

function drawMore(number) {
  const upTo = Math.min(view.rows.length, view.drawn + number);
  const rows = document.createDocumentFragment();
  for (; view.drawn < upTo; view.drawn += 1) rows.append(rowOf(view.rows[view.drawn]));
  one("#list tbody").append(rows);
  const left = view.rows.length - view.drawn;
  one("#more").hidden = left === 0;
  one("#more").textContent = `Show ${Math.min(left, MORE)} more of ${left.toLocaleString("en")}`;
}

function drawTests() {
  choose();
  view.drawn = 0;
  one("#list tbody").replaceChildren();
  drawMore(FIRST);
  const only = view.bug ? ` of bug ${view.bug}` : "";
  one("#shown").textContent = `${view.rows.length.toLocaleString("en")} of ${tests.name.length.toLocaleString("en")} tests${only}`;
  for (const link of all(".counts a")) {
    if (link.dataset.outcome === view.outcome && !view.bug) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  for (const button of all("#list th button")) {
    const head = button.closest("th");
    if (button.dataset.sort === view.sort) head.setAttribute("aria-sort", view.sort === "time" ? "descending" : "ascending");
    else head.removeAttribute("aria-sort");
  }
}

function testsHash() {
  const query = new URLSearchParams();
  if (view.query) query.set("q", view.query);
  if (view.category) query.set("category", view.category);
  if (view.sort) query.set("sort", view.sort);
  if (view.bug) query.set("bug", view.bug);
  const text = query.toString();
  return `#tests${view.outcome ? `/${view.outcome}` : ""}${text ? `?${text}` : ""}`;
}

// Typing changes the address without a history entry a letter, and without scrolling.
function remember() {
  history.replaceState(null, "", testsHash());
  drawTests();
}

function readTests(hash) {
  view.outcome = tests.outcomes.includes(hash.detail) ? hash.detail : "";
  view.query = hash.query.get("q") ?? "";
  view.category = hash.query.get("category") ?? "";
  view.sort = hash.query.get("sort") ?? "";
  view.bug = hash.query.get("bug") ?? "";
  one("#search").value = view.query;
  one("#category").value = view.category;
}

if (tests) {
  for (const category of tests.categories) one("#category").append(make("option", { value: category, textContent: category || "no category" }));
  one("#category").hidden = tests.categories.length < 2;
  one("#search").addEventListener("input", (event) => { view.query = event.target.value; remember(); });
  one("#category").addEventListener("change", (event) => { view.category = event.target.value; remember(); });
  one("#more").addEventListener("click", () => drawMore(MORE));
  for (const button of all("#list th button")) {
    button.addEventListener("click", () => { view.sort = view.sort === button.dataset.sort ? "" : button.dataset.sort; remember(); });
  }
  for (const link of all(".bug-tests")) link.href = `#tests?${new URLSearchParams({ bug: link.dataset.bug })}`;
}

function follow(moved) {
  const hash = readHash();
  const severity = /^P[0-3]$/.test(hash.place) ? hash.place : "";
  if (severity || hash.place === "bugs" || hash.place.startsWith("bug-")) showBugs(severity);
  if (tests && (hash.place === "tests" || !moved)) {
    readTests(hash.place === "tests" ? hash : { detail: "", query: new URLSearchParams() });
    drawTests();
  }
  const target = severity ? "bugs" : hash.place;
  if (target && (severity || hash.place === "tests")) document.getElementById(target)?.scrollIntoView();
}

addEventListener("hashchange", () => follow(true));
follow(false);
