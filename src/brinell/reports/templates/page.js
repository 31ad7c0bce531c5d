// State lives in the URL's hash: "#P0", "#bug-ID", "#tests/failed?q=text&category=unit&sort=time&bug=ID". Data from the
// judgement reaches the page through textContent and attributes that hold no code; nothing is ever parsed as markup.
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
document.documentElement.classList.add("js");

const one = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));

function make(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

function readHash() {
  let text = location.hash.slice(1);
  try { text = decodeURIComponent(text); } catch { /* a hash that is no valid encoding is used as it is */ }
  const cut = location.hash.indexOf("?");
  const path = cut < 0 ? text : location.hash.slice(1, cut);
  const [place, detail = ""] = path.split("/");
  return { place, detail, query: new URLSearchParams(cut < 0 ? "" : location.hash.slice(cut + 1)) };
}

// --- bugs ---------------------------------------------------------------------------------------------------------

function showBugs(severity) {
  const bugs = all(".bug");
  let shown = 0;
  for (const bug of bugs) {
    bug.hidden = Boolean(severity) && bug.dataset.severity !== severity;
    shown += bug.hidden ? 0 : 1;
  }
  const note = one("#bugs-shown");
  if (note) {
    note.hidden = !severity;
    note.replaceChildren(`${shown} of ${bugs.length} bugs: ${severity} only. `,
      make("a", { href: "#bugs", textContent: "Show all" }));
  }
  for (const link of all(".urgency a")) {
    if (link.dataset.severity === severity) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

function stepBug(direction) {
  const bugs = all(".bug").filter((bug) => !bug.hidden);
  if (!bugs.length) return;
  const at = bugs.indexOf(document.activeElement.closest(".bug"));
  const next = bugs[Math.min(bugs.length - 1, Math.max(0, at + direction))];
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "start" });
}

async function copy(button) {
  const text = one("code", button.parentNode).textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    // Not allowed to write to the clipboard (a page from a file, by some browsers): select it for the person instead.
    getSelection().selectAllChildren(one("code", button.parentNode));
    button.textContent = "Selected";
  }
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
}

for (const button of all(".copy")) button.addEventListener("click", () => copy(button));

// --- keys ---------------------------------------------------------------------------------------------------------

const outcomeKeys = { a: "", f: "failed", e: "error", p: "passed", s: "skipped" };

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const search = one("#search");
  if (event.key === "Escape" && search && document.activeElement === search) {
    search.blur();
    location.hash = "#tests";
    return;
  }
  if (event.target.matches("input, select, textarea")) return;
  if (event.key === "/" && search) {
    event.preventDefault();
    search.focus();
  } else if (event.key === "j") stepBug(1);
  else if (event.key === "k") stepBug(-1);
  else if (search && Object.hasOwn(outcomeKeys, event.key)) {
    location.hash = outcomeKeys[event.key] ? `#tests/${outcomeKeys[event.key]}` : "#tests";
  }
});
