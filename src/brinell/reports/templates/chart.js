// Charts by second: response time above, throughput with errors, and the subject's cores and memory below, one cross-hair.
const SVG = "http://www.w3.org/2000/svg";
const LINES = ["p50", "p95", "p99", "max"];
const LEFT = 56;
const TALL = 230;
const STRIP = 62;
const GAP = 34;

function draw(tag, attributes, text) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

function niceTicks(low, high, most) {
  const span = high - low || 1;
  const power = 10 ** Math.floor(Math.log10(span / most));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => span / size <= most) ?? power * 10;
  const ticks = [];
  for (let value = Math.ceil(low / step) * step; value <= high + step * 1e-6; value += step) ticks.push(Number(value.toPrecision(12)));
  return ticks;
}

function logTicks(low, high) {
  const ticks = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += 1) {
    for (const factor of [1, 2, 5]) ticks.push(Number((factor * 10 ** power).toPrecision(6)));
  }
  return ticks.filter((tick) => tick >= low * 0.999 && tick <= high * 1.001);
}

function timeTicks(low, high, width) {
  const most = Math.max(2, width / 90);
  const step = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800].find((size) => (high - low) / size <= most) ?? 86400;
  const ticks = [];
  for (let value = Math.ceil(low / step) * step; value <= high; value += step) ticks.push(value);
  return ticks;
}

const clock = (seconds) => (seconds < 120 ? `${seconds} s` : `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")} min`);
const shortNumber = (value) => (value >= 1e6 ? `${value / 1e6}M` : value.toLocaleString("en", { maximumFractionDigits: 6 }));
const isDecade = (value) => Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-9;
const MIB = 1024 * 1024;

function threeDigits(value) {
  if (value === null || value === undefined) return "–";
  const digits = value < 1 ? 3 : value < 10 ? 2 : value < 100 ? 1 : 0;
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

// Not Math.max(...values): a day of seconds is more than a call can take.
function extremes(values) {
  return values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
}

// A scale maps a value to a height inside one panel, from zero; a logarithmic one draws zero at its lower edge.
function scaleOf(values, top, height, log = false) {
  const known = values.filter((value) => value !== null && Number.isFinite(value));
  const [least] = extremes(known.filter((value) => value > 0));
  let [, high] = extremes(known);
  if (log && Number.isFinite(least)) {
    const low = lowerBound(least);
    high = upperBound(Math.max(high, low * 2));
    const ratio = Math.log(high / low);
    const at = (value) => top + height - (Math.log(Math.max(value, low) / low) / ratio) * height;
    return { at, ticks: logTicks(low, high), log };
  }
  high = high > 0 ? high * 1.06 : 1;
  return { at: (value) => top + height - (Math.max(0, value) / high) * height, ticks: niceTicks(0, high, height > 100 ? 5 : 3) };
}

function lowerBound(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * [5, 2, 1].find((factor) => factor * power <= value * 1.0001);
}

function upperBound(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 5].find((factor) => factor * power >= value) ?? 10);
}

// With more points than pixels every column shows its lowest and highest value, so that no spike is lost.
function pathOf(values, xs, scale) {
  const parts = [];
  let pen = false;
  let column = null;
  const flush = () => {
    if (column) parts.push(`${pen ? "L" : "M"}${column.x} ${scale.at(column.low).toFixed(1)}`, ...(column.low === column.high ? [] : [`L${column.x} ${scale.at(column.high).toFixed(1)}`]));
    pen = pen || column !== null;
    column = null;
  };
  const dense = values.length > (xs[xs.length - 1] - xs[0]);
  values.forEach((value, index) => {
    if (value === null) { flush(); pen = false; return; }
    const x = dense ? Math.round(xs[index]) : xs[index].toFixed(1);
    if (column && column.x === x) {
      column.low = Math.min(column.low, value);
      column.high = Math.max(column.high, value);
      return;
    }
    flush();
    column = { x, low: value, high: value };
  });
  flush();
  return parts.join("");
}

function panel(svg, plot, { top, height, scale, title }) {
  for (const tick of scale.ticks) {
    const y = scale.at(tick);
    if (y < top - 1 || y > top + height + 1) continue;
    const minor = scale.log && scale.ticks.length > 6 && !isDecade(tick);
    svg.append(draw("line", { x1: LEFT, x2: plot.right, y1: y, y2: y, class: minor ? "minor" : "grid" }));
    if (!minor) svg.append(draw("text", { x: LEFT - 8, y: y + 4, "text-anchor": "end" }, shortNumber(tick)));
  }
  svg.append(draw("text", { x: LEFT, y: top - 10 }, title));
}

function endLabels(svg, plot, labels, top, height) {
  labels.sort((a, b) => a.y - b.y);
  labels.forEach((label, index) => { if (index && label.y < labels[index - 1].y + 13) label.y = labels[index - 1].y + 13; });
  const over = labels.length ? labels[labels.length - 1].y - (top + height) : 0;
  for (const label of labels) svg.append(draw("text", { x: plot.right + 7, y: label.y - Math.max(0, over) + 4 }, label.text));
}

const lastKnown = (values) => values.findLast((value) => value !== null);

function drawLatency(svg, plot, series, load, log) {
  const limits = load.limits.filter(([, value]) => value > 0);
  const values = LINES.flatMap((name) => series[`${name}_ms`]).concat(limits.map(([, value]) => value));
  const scale = scaleOf(values, plot.top, TALL, log);
  panel(svg, plot, { top: plot.top, height: TALL, scale, title: "Response time, ms" });
  for (const [text, value] of limits) {
    const y = scale.at(value);
    svg.append(draw("line", { x1: LEFT, x2: plot.right, y1: y, y2: y, class: "limit" }), draw("text", { x: LEFT + 6, y: y < plot.top + 16 ? y + 14 : y - 5, class: "limit-text" }, `${text} ${shortNumber(value)} ms`));
  }
  const labels = [];
  for (const name of LINES) {
    svg.append(draw("path", { class: name, d: pathOf(series[`${name}_ms`], plot.xs, scale) }));
    const last = lastKnown(series[`${name}_ms`]);
    if (last !== undefined) labels.push({ y: scale.at(last), text: name });
  }
  endLabels(svg, plot, labels, plot.top, TALL);
  return LINES.map((name) => ({ name, values: series[`${name}_ms`], scale }));
}

function drawRate(svg, plot, series, load, top) {
  const scale = scaleOf([...series.rate, load.target ?? 0], top, STRIP);
  panel(svg, plot, { top, height: STRIP, scale, title: "Throughput per second; errors in red" });
  if (load.target) svg.append(draw("line", { x1: LEFT, x2: plot.right, y1: scale.at(load.target), y2: scale.at(load.target), class: "target" }));
  svg.append(draw("path", { class: "rate", d: pathOf(series.rate, plot.xs, scale) }));
  const [, most] = extremes(series.errors);
  const bars = series.errors.map((number, index) => (number ? `M${plot.xs[index].toFixed(1)} ${top + STRIP}v${(-Math.max(3, (number / most) * STRIP * 0.55)).toFixed(1)}` : "")).join("");
  svg.append(draw("path", { class: "errors", d: bars }));
  return [{ name: "rate", values: series.rate, scale }];
}

function drawSubject(svg, plot, series, top) {
  const found = [];
  const labels = [];
  const cores = series.cpu.some((value) => value !== null) ? scaleOf(series.cpu, top, STRIP) : null;
  const memory = series.rss_bytes.map((value) => (value === null ? null : value / MIB));
  if (cores) {
    panel(svg, plot, { top, height: STRIP, scale: cores, title: "Subject: cores and memory" });
    svg.append(draw("path", { class: "cpu", d: pathOf(series.cpu, plot.xs, cores) }));
    labels.push({ y: cores.at(lastKnown(series.cpu)), text: "cores" });
    found.push({ name: "cpu", values: series.cpu, scale: cores });
  }
  if (memory.some((value) => value !== null)) {
    const scale = scaleOf(memory, top, STRIP);
    if (!cores) panel(svg, plot, { top, height: STRIP, scale, title: "Subject: memory, MiB" });
    svg.append(draw("path", { class: "rss", d: pathOf(memory, plot.xs, scale) }));
    labels.push({ y: scale.at(lastKnown(memory)), text: `${lastKnown(memory).toFixed(0)} MiB` });
    found.push({ name: "rss", values: memory, scale });
  }
  endLabels(svg, plot, labels, top, STRIP);
  return found;
}

function tipRows(series, index) {
  const rows = LINES.map((name) => [name, `${threeDigits(series[`${name}_ms`][index])} ms`]);
  rows.push(["throughput", `${threeDigits(series.rate[index])}/s`], ["errors", String(series.errors[index])]);
  if (series.cpu[index] !== null) rows.push(["cores", threeDigits(series.cpu[index])]);
  if (series.rss_bytes[index] !== null) rows.push(["memory", `${threeDigits(series.rss_bytes[index] / MIB)} MiB`]);
  return rows;
}

function addHover(figure, svg, plot, series, curves) {
  const cross = draw("line", { class: "cross", y1: plot.top, y2: plot.bottom, visibility: "hidden" });
  const dots = curves.map((curve) => draw("circle", { r: 3.5, class: curve.name, visibility: "hidden" }));
  svg.append(cross, ...dots);
  const tip = make("div", { className: "tip", hidden: true });
  tip.setAttribute("role", "status");
  figure.append(tip);
  let at = -1;
  const hide = () => {
    at = -1;
    tip.hidden = true;
    for (const node of [cross, ...dots]) node.setAttribute("visibility", "hidden");
  };
  const show = (index) => {
    at = Math.min(series.t_s.length - 1, Math.max(0, index));
    const x = plot.xs[at];
    cross.setAttribute("x1", x);
    cross.setAttribute("x2", x);
    cross.setAttribute("visibility", "visible");
    curves.forEach((curve, which) => {
      const value = curve.values[at];
      dots[which].setAttribute("visibility", value === null ? "hidden" : "visible");
      if (value === null) return;
      dots[which].setAttribute("cx", x);
      dots[which].setAttribute("cy", curve.scale.at(value));
    });
    tip.replaceChildren(make("b", { textContent: `at ${clock(series.t_s[at])}` }),
      ...tipRows(series, at).map(([name, value]) => make("div", {}, make("span", { textContent: name }), make("b", { textContent: value }))));
    tip.hidden = false;
    const roomRight = plot.width - x > tip.offsetWidth + 24;
    tip.style.left = `${roomRight ? x + 14 : Math.max(0, x - tip.offsetWidth - 14)}px`;
    tip.style.top = `${svg.getBoundingClientRect().top - figure.getBoundingClientRect().top + plot.top}px`;
  };
  svg.addEventListener("pointermove", (event) => {
    const x = event.clientX - svg.getBoundingClientRect().left;
    const share = (x - LEFT) / (plot.right - LEFT || 1);
    show(Math.round(share * (series.t_s.length - 1)));
  });
  svg.addEventListener("pointerleave", hide);
  svg.addEventListener("blur", hide);
  svg.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[event.key];
    if (!step) return;
    event.preventDefault();
    show(at < 0 ? 0 : at + step);
  });
}

function drawChart(figure, load, log) {
  const { series } = load;
  const width = Math.max(280, figure.clientWidth);
  const span = series.t_s[series.t_s.length - 1] - series.t_s[0];
  const plot = { width, top: 26, right: width - (width < 500 ? 56 : 68) };
  plot.xs = series.t_s.map((second) => LEFT + ((second - series.t_s[0]) / (span || 1)) * (plot.right - LEFT));
  const second = plot.top + TALL + GAP;
  const third = second + STRIP + GAP;
  const hasSubject = series.cpu.some((value) => value !== null) || series.rss_bytes.some((value) => value !== null);
  plot.bottom = hasSubject ? third + STRIP : second + STRIP;
  const height = plot.bottom + 24;
  const svg = draw("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", tabindex: "0", "aria-labelledby": figure.getAttribute("aria-labelledby") });
  const curves = [...drawLatency(svg, plot, series, load, log), ...drawRate(svg, plot, series, load, second)];
  if (hasSubject) curves.push(...drawSubject(svg, plot, series, third));
  svg.append(draw("line", { class: "axis", x1: LEFT, x2: plot.right, y1: plot.bottom, y2: plot.bottom }));
  if (load.end !== null) {
    const x = LEFT + ((load.end - series.t_s[0]) / (span || 1)) * (plot.right - LEFT);
    const before = x - LEFT > 220; // room for the panel's title and this label beside it
    svg.append(draw("line", { class: "target", x1: x, x2: x, y1: plot.top, y2: plot.bottom }),
      draw("text", { x: before ? x - 5 : x + 5, y: plot.top - 10, "text-anchor": before ? "end" : "start" }, "end of the schedule"));
  }
  for (const tick of timeTicks(series.t_s[0], series.t_s[series.t_s.length - 1], plot.right - LEFT)) {
    const x = LEFT + ((tick - series.t_s[0]) / (span || 1)) * (plot.right - LEFT);
    svg.append(draw("text", { x, y: plot.bottom + 17, "text-anchor": "middle" }, clock(tick)));
  }
  for (const old of all(":scope > svg, :scope > .tip", figure)) old.remove();
  figure.append(svg);
  addHover(figure, svg, plot, series, curves);
}

for (const figure of all(".chart")) {
  const load = data.load[Number(figure.dataset.load)];
  let log = true;
  const redraw = () => drawChart(figure, load, log);
  for (const button of all("[data-scale]", figure)) {
    button.addEventListener("click", () => {
      log = button.dataset.scale === "log";
      for (const other of all("[data-scale]", figure)) other.setAttribute("aria-pressed", String(other === button));
      redraw();
    });
  }
  // Drawn when near the screen: twenty scenarios cost nothing until somebody scrolls to them.
  new IntersectionObserver((seen, observer) => {
    if (!seen.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    redraw();
    let width = figure.clientWidth;
    new ResizeObserver(() => { if (figure.clientWidth !== width) { width = figure.clientWidth; redraw(); } }).observe(figure);
  }, { rootMargin: "800px" }).observe(figure);
}
