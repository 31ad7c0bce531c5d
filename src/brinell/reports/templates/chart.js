// The cross-hair of a scenario's charts: one line through all panels of a figure, and the values of that moment beside
// the lines' names. The pictures themselves stand in the page already and need no script.
const MIB = 1024 * 1024;

function threeDigits(value) {
  const digits = value < 1 ? 3 : value < 10 ? 2 : value < 100 ? 1 : 0;
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function valueText(name, value) {
  if (value === null || value === undefined) return "–";
  const column = name.replace(/\.[ab]$/, ""); // of two runs
  if (column.endsWith("_ms") || column === "response" || column === "service") return `${threeDigits(value)} ms`;
  if (column.endsWith("rate")) return `${value.toLocaleString("en", { maximumFractionDigits: 1 })}/s`;
  if (column === "rss_bytes") return `${threeDigits(value / MIB)} MiB`;
  if (column === "generator_cpu") return `${(value * 100).toFixed(1)} %`;
  if (column === "cpu" || column === "busiest_cpu") return value.toFixed(2);
  if (column === "reach") return String(Math.floor(value * 1e4) / 1e4); // never rounded up to 1
  return value.toLocaleString("en");
}

const clock = (seconds) => (seconds < 120 ? `${seconds} s` : `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")} min`);

// Where the columns of a course stand, and the moments they are of.
function moments(load) {
  const places = load.t.map((start) => (start + Math.min(load.step, load.until - start) / 2) / load.until);
  const names = load.t.map((start) => (load.step === 1 ? `at ${clock(start)}` : `${clock(start)} to ${clock(Math.min(load.until, start + load.step))}`));
  return { places, names, columns: load.columns };
}

function quantiles(load) {
  const { shares, response, service } = load.curve;
  const nines = shares.map((share) => -Math.log10(1 - share));
  const end = shares.length > 1 ? nines[shares.length - 2] + 1 / 6 : 1;
  const names = shares.map((share) => (share >= 1 ? "maximum" : share === 0 ? "minimum" : `${Number((share * 100).toPrecision(Math.max(3, Math.ceil(-Math.log10(1 - share)) + 2)))} %`));
  return { places: nines.map((nine) => Math.min(1, nine / end)), names, columns: { response, service } };
}

function addCross(figure, { places, names, columns }) {
  const panels = one(".panels", figure);
  const plot = one(".plot", panels);
  const label = one(".at", figure);
  const status = one("[role=status]", figure);
  const values = all("[data-value]", figure);
  const whole = values.map((node) => node.textContent);
  const before = label.textContent;
  const cross = make("div", { className: "cross", hidden: true });
  panels.append(cross);
  let at = -1;
  const hide = () => {
    at = -1;
    cross.hidden = true;
    label.textContent = before;
    values.forEach((node, number) => { node.textContent = whole[number]; });
  };
  const show = (index) => {
    at = Math.min(places.length - 1, Math.max(0, index));
    const box = plot.getBoundingClientRect();
    cross.style.left = `${box.left - panels.getBoundingClientRect().left + places[at] * box.width}px`;
    cross.hidden = false;
    label.textContent = names[at];
    for (const node of values) node.textContent = valueText(node.dataset.value, columns[node.dataset.value]?.[at]);
  };
  const nearest = (share) => places.reduce((best, place, index) => (Math.abs(place - share) < Math.abs(places[best] - share) ? index : best), 0);
  panels.addEventListener("pointermove", (event) => {
    const box = plot.getBoundingClientRect();
    show(nearest((event.clientX - box.left) / (box.width || 1)));
  });
  panels.addEventListener("pointerleave", hide);
  panels.addEventListener("blur", hide);
  panels.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { hide(); return; }
    const steps = { ArrowLeft: at - 1, ArrowRight: at + 1, PageUp: at - 10, PageDown: at + 10, Home: 0, End: places.length - 1 };
    if (!Object.hasOwn(steps, event.key)) return;
    event.preventDefault();
    show(at < 0 && event.key !== "End" ? 0 : steps[event.key]);
    status.textContent = `${names[at]}: ${values.map((node) => `${node.previousSibling?.textContent ?? ""}${node.textContent}`).join(", ")}`;
  });
  return { show, hide, at: () => at };
}

function addCrosses(root, loads) {
  const found = new Map();
  for (const figure of all(".course, .curve", root)) {
    const load = loads[Number(figure.dataset.load)];
    if (!load?.t) continue;
    found.set(figure.getAttribute("aria-labelledby"), addCross(figure, figure.className === "course" ? moments(load) : quantiles(load)));
  }
  return found;
}

if (data.load) addCrosses(document, data.load);
