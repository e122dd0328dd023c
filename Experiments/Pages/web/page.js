"use strict";

const $ = id => document.getElementById(id);

/** The page: what is shown, and its drawing. */
class Page {
  constructor(about, runs) {
    [this.about, this.runs] = [about, runs];
    this.timeScale = new TimeScale(runs);
    this.camera = new Camera(about.azimuth, about.elevation);
    this.views = runs.map(run => new RunView(run, this.timeScale));
    this.place = this.timeScale.start;
    this.picked = null; // { view, token }
    this.strokes = new Strokes();
    this.painter = painterFor($("canvas"));
    document.documentElement.dataset.painter = this.painter.constructor.kind;
    $("canvas").addEventListener("webglcontextlost", e => e.preventDefault());
    $("canvas").addEventListener("webglcontextrestored", () => {
      this.painter = painterFor($("canvas"));
      this.draw();
    });
    $("summary").textContent = summary(runs, about.time);
    $("figure").hidden = false;
    $("figure").classList.toggle("beside", runs.length === 1 && runs[0].observables !== null);
    this.readTheme();
    this.makeOptions();
    const names = runs.map(run => run.about.name);
    this.charts = chartGroups(runs).map(group => new ObservableChart(group, this.timeScale, names, place => this.go(place)));
    if (runs.some(run => run.about.observableParts > 1 && run.observables)) {
      const note = $("charts").appendChild(document.createElement("p"));
      note.className = "note";
      note.textContent = "Medians over replicas; bands reach from 5 to 95 % of them.";
    }
    $("charts").append(...this.charts.map(chart => chart.element));
    this.layOut();
    this.charts.forEach(chart => chart.build(this.theme));
    this.go(this.place);
    this.draw();
    darkMode.addEventListener("change", () => {
      this.readTheme();
      this.ways = colourings(this.runs, this.timeScale);
      this.choose();
      this.charts.forEach(chart => chart.build(this.theme));
      this.go(this.place);
    });
    new ResizeObserver(() => {
      if ($("stage").clientWidth === this.width && devicePixelRatio === this.ratioSeen) return;
      this.layOut();
      this.charts.forEach(chart => chart.resize());
      this.go(this.place);
    }).observe($("figure"));
  }

  readTheme() {
    const style = getComputedStyle(document.documentElement), css = {};
    for (const name of ["paper", "ink", "quiet", "line"]) css[name] = style.getPropertyValue(`--${name}`).trim();
    const isDark = darkMode.matches;
    this.theme = {
      css, paper: rgbOf(css.paper), ink: rgbOf(css.ink), ...(isDark
        ? { grid: [66, 76, 87], edge: [132, 142, 152], road: [150, 158, 167], ball: [34, 41, 49], shine: [62, 72, 84] }
        : { grid: [190, 198, 207], edge: [128, 134, 140], road: [110, 110, 110], ball: [237, 241, 246], shine: [255, 255, 255] }),
    };
  }

  makeOptions() {
    this.ways = colourings(this.runs, this.timeScale);
    $("colour").replaceChildren(...[...this.ways.keys()].map(name => new Option(name, name)));
    $("colourBy").hidden = this.ways.size < 2;
    const replicas = [...new Set(this.runs.flatMap(run => [...new Set(run.replica)]))].sort((a, b) => a - b);
    $("replica").replaceChildren(new Option("all", ""), ...replicas.map(r => new Option(String(r), String(r))));
    $("replicaOnly").hidden = replicas.length < 2;
    $("limitToo").hidden = this.runs.every(run => run.about.limits.length === 0);
    // Limits of many replicas hide each other.
    this.isCrowded = replicas.length > 4;
    $("limit").checked = !this.isCrowded;
    $("time").max = this.timeScale.times.length - 1;
    $("time").disabled = $("play").disabled = this.timeScale.times.length < 2;
    $("colour").onchange = $("replica").onchange = $("limit").onchange = () => this.choose();
    this.choose();
  }

  /** Takes colour and replica from the controls. */
  choose() {
    this.way = this.ways.get($("colour").value)();
    this.colours = this.runs.map(() => null);
    this.coloured = this.runs.map(() => -1);
    $("legend").replaceChildren(...this.way.legend.map(({ text, dot, bar, to }) => {
      const part = document.createElement("span"), swatch = document.createElement("i");
      swatch.style.background = dot ?? bar ?? "";
      swatch.className = bar ? "bar" : "";
      part.append(...(bar ? [text, swatch, to] : dot ? [swatch, text] : [text]));
      return part;
    }));
    this.picked = null;
    this.ask();
  }

  /** Panels of the runs, and the size of the canvas. */
  layOut() {
    const count = this.runs.length, width = $("stage").clientWidth, most = Math.max(260, innerHeight * 0.66);
    let columns = 1;
    const fit = c => Math.min(width / c, most / Math.min(2, Math.ceil(count / c)));
    for (let c = 2; c <= count; c++) if (fit(c) > fit(columns) || width / c >= 300) columns = c;
    if (count > 1) columns = Math.max(2, columns);
    const rows = Math.ceil(count / columns);
    columns = Math.ceil(count / rows);
    const wide = width / columns, top = count === 1 ? 0 : wide < 260 ? 38 : 26;
    const height = Math.min(wide + (count > 1 ? top + 12 : 0), rows > 1 ? Math.max(300, 0.6 * most) : most);
    this.panels = this.runs.map((_, r) => ({ x: r % columns * wide, y: Math.floor(r / columns) * height, width: wide, height, top }));
    [this.width, this.height] = [width, rows * height];
    $("stage").style.height = `${this.height}px`;
    this.ratioSeen = devicePixelRatio;
    this.ratio = Math.min(devicePixelRatio || 1, 3);
    $("canvas").width = Math.round(width * this.ratio);
    $("canvas").height = Math.round(this.height * this.ratio);
  }

  /** Shows a place in time. */
  go(place) {
    const scale = this.timeScale;
    this.place = Math.max(scale.start, Math.min(scale.end, place));
    const nearest = scale.nearest(this.place), time = scale.time(this.place);
    const isRecorded = Math.abs(scale.places[nearest] - this.place) < 1e-9 * Math.max(1, Math.abs(this.place));
    const text = `${this.about.time} = ${shown(isRecorded ? scale.times[nearest] : time)}`;
    $("time").value = nearest;
    $("time").setAttribute("aria-valuetext", text);
    $("now").textContent = `${text}  (snapshot ${nearest + 1} of ${scale.times.length})`;
    this.charts.forEach(chart => chart.show(this.place));
    this.ask();
  }

  /** Draws before the next frame. */
  ask() {
    if (this.asked) return;
    this.asked = true;
    requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.asked = false;
    const replica = $("replica").value === "" ? null : Number($("replica").value), words = [];
    this.painter.begin(this.width, this.height, this.ratio, this.theme.paper);
    this.views.forEach((view, r) => {
      const { run } = view, panel = this.panels[r];
      view.look(this.place, this.camera, panel, replica === null ? null : i => run.replica[i] !== replica);
      if (this.coloured[r] < 0 || this.way.changes && this.coloured[r] !== view.at.before) {
        this.colours[r] = this.way.colours(run, view.at.before);
        this.coloured[r] = view.at.before;
      }
      const limits = $("limit").checked ? run.about.limits.filter(l => replica === null || l.replica === replica) : [];
      this.strokes.clear();
      view.paint(this.strokes, this.colours[r], this.theme, limits, this.picked?.view === view ? this.picked.token : -1);
      if (r === 0 || view.isFlat) words.push(...this.axes(view, panel));
      words.push(...this.title(view, panel, r));
      this.painter.draw(this.strokes, panel);
    });
    this.write(words);
    document.documentElement.dataset.firstFrame ??= Math.round(performance.now());
  }

  // The directions of the coordinates in the corner below left; for d = 2 names beside the cylinder.
  axes(view, panel) {
    const words = [], m = view.rows, shares = view.run.about.shares;
    if (view.isFlat) {
      const scale = this.timeScale, place = (x, y, z, text) => {
        const [px, py] = view.project(x, y, z);
        words.push({ x: px, y: py, text });
      };
      const side = 1.12, a = this.camera.azimuth * Math.PI / 180, [x, y] = [-Math.sin(a) * side, Math.cos(a) * side];
      place(x, y, -1, `${this.about.time} = ${shown(scale.times[0])}`);
      place(x, y, 1, shown(scale.times.at(-1)));
      place(1.14, 0, -1, "x₁");
      place(0, 1.14, -1, "x₂");
      return words.filter(w => w.y > panel.y && w.y < panel.y + panel.height);
    }
    const long = panel.width < 260 ? 12 : 24, x = panel.x + long + 16, y = panel.y + panel.height - long - 14;
    for (let c = 0; c < 3; c++) {
      const [dx, dy] = [long * m[c], -long * m[3 + c]], size = Math.hypot(dx, dy) / long;
      this.strokes.add(x, y, x + dx, y + dy, 1.4, m[6 + c] < -0.05 ? mixed(this.theme.edge, this.theme.paper, 0.4) : this.theme.edge, 1);
      const reach = size > 0.1 ? 1 + 10 / (long * size) : 0;
      if (reach > 0) words.push({ x: x + dx * reach, y: y + dy * reach, text: `${shares ? "p" : "x"}${"₁₂₃"[c]}` });
    }
    return words;
  }

  title(view, panel, r) {
    if (this.runs.length === 1) return [];
    const { run } = view, isOver = this.timeScale.places[this.timeScale.nearest(this.place)] > view.places.at(-1) + 1e-9;
    return [{ x: panel.x + panel.width / 2, y: panel.y + 2, width: panel.width - 8, className: "title", run: r,
      text: run.about.name + (isOver ? ` (to ${this.about.time} = ${shown(run.times.at(-1))})` : "") }];
  }

  write(words) {
    const box = $("words");
    while (box.children.length < words.length) box.append(document.createElement("span"));
    while (box.children.length > words.length) box.lastChild.remove();
    words.forEach((word, i) => {
      const span = box.children[i];
      if (span.textContent !== word.text) span.textContent = word.text;
      span.className = word.className ?? "";
      if (word.run !== undefined && !span.firstElementChild) {
        const swatch = document.createElement("i");
        swatch.style.borderColor = inks()[word.run % inks().length];
        span.prepend(swatch);
      }
      span.style.left = `${word.x}px`;
      span.style.top = `${word.y}px`;
      span.style.width = word.width ? `${word.width}px` : "";
    });
    const what = this.runs.length > 1 ? `${this.runs.length} runs` : this.runs[0].about.name, { azimuth, elevation } = this.camera;
    $("canvas").setAttribute("aria-label", `${what}: tokens at ${this.about.time} = ${shown(this.timeScale.time(this.place))}, `
      + `seen from ${Math.round(azimuth)}°, ${Math.round(elevation)}° up`);
  }

  /** The view in whose panel a place of the canvas is. */
  viewAt(x, y) {
    const r = this.panels.findIndex(p => x >= p.x && x < p.x + p.width && y >= p.y && y < p.y + p.height);
    return r < 0 ? null : this.views[r];
  }

  /** Names the token at a place. */
  pick(x, y) {
    const view = this.viewAt(x, y), token = view ? view.pick(x, y) : -1, tip = $("tip");
    if (token < 0 ? this.picked : this.picked?.view !== view || this.picked.token !== token) this.ask();
    this.picked = token < 0 ? null : { view, token };
    tip.hidden = token < 0;
    if (token < 0) return;
    tip.textContent = described(view, token);
    const [tx, ty] = view.seen.subarray(3 * token, 3 * token + 2);
    tip.style.left = `${Math.max(0, Math.min(this.width - tip.offsetWidth - 4, tx + 14))}px`;
    tip.style.top = `${Math.max(0, Math.min(this.height - tip.offsetHeight - 4, ty + 12))}px`;
  }
}

/** What is known of a token. */
function described(view, i) {
  const { run } = view, lines = [`token ${run.token[i]}` + (new Set(run.replica).size > 1 ? `, replica ${run.replica[i]}` : "")];
  if (Number.isFinite(run.label[i])) lines.push(`label ${shown(run.label[i])}`);
  const q = run.positions, at = 3 * ((view.at.share < 0.5 ? view.at.before : view.at.after) * run.n), near = 32767 * 0.0447;
  const place = j => [0, 1, 2].map(c => q[at + 3 * j + c]), here = place(i);
  if (run.radii) {
    const [low, high] = run.about.radii;
    lines.push(`radius ${shown(low * (high / low) ** ((run.radii[at / 3 + i] / 32767 + 1) / 2), 3)}`);
  }
  let others = 0;
  for (let k = 0; k < view.count; k++) {
    const j = view.order[k];
    if (j === i || run.replica[j] !== run.replica[i] || q[at + 3 * j] === -32768) continue;
    if (Math.hypot(...place(j).map((v, c) => v - here[c])) < near) others++;
  }
  if (others > 0 && run.about.dimension <= 3) lines.push(`${others} more within 2.56°`);
  return lines.join("\n");
}

/** What is shown of the runs, a line for those that differ. */
function summary(runs, timeName) {
  const lines = new Map();
  for (const run of runs) {
    const text = sentence(run, timeName);
    lines.set(text, [...(lines.get(text) ?? []), run.about.name]);
  }
  return [...lines].map(([text, names]) => runs.length === 1 ? text : lines.size === 1 ? `Each: ${text}` : `${names.join(", ")}: ${text}`)
    .join("\n");
}

/** What is shown of a run. */
function sentence({ about, replica }, timeName) {
  const replicas = new Set(replica).size;
  const many = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
  const part = (some, all, noun) => some < all ? `${some.toLocaleString("en")} of ${many(all, noun)}` : many(all, noun);
  const isThinned = about.tokens < about.allTokens || about.times.length < about.allSnapshots;
  const shares = about.shares?.map((s, k) => `p${k + 1} ${(100 * s).toFixed(s < 0.1 ? 1 : 0)} %`);
  const held = about.shares && (100 * about.shares.reduce((a, b) => a + b)).toFixed(0);
  return `${part(about.tokens, about.allTokens, "token")}${replicas > 1 ? ` in ${replicas} replicas` : ""}, d = ${about.dimension}, `
    + `${part(about.times.length, about.allSnapshots, "snapshot")} up to ${timeName} = ${shown(about.times.at(-1))}`
    + (isThinned ? "; evenly thinned, to keep this page small" : "")
    + (shares ? "; seen along the three principal directions of all snapshots, which hold "
      + `${held} % of the variance (${shares.join(", ")})` : "") + ".";
}

async function start() {
  const about = JSON.parse($("about").textContent);
  try {
    const runs = [];
    for (const [r, run] of about.runs.entries()) runs.push(await readRun(run, [...document.getElementsByClassName(`numbers${r}`)]));
    if (runs.some(run => run.n === 0 || run.times.length === 0)) throw new Error("There are no tokens in these files.");
    window.page = new Page(about, runs);
    listen(window.page);
    document.documentElement.dataset.state = "ready";
  } catch (e) {
    $("problem").textContent = e.message;
    $("problem").hidden = false;
    document.documentElement.dataset.state = "failed";
    if (!(e instanceof Error) || e.name !== "Error") throw e;
  }
}

start();
