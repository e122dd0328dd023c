"use strict";

// Observables against time, one chart for columns that differ by a number alone (mean0, mean1, ...), by uPlot. Logarithmic axes are
// linear ones of the logarithm, with labels of their own.

/** [{ name, series: [{ run, column, label }] }] of some runs. */
function chartGroups(runs) {
  const groups = new Map();
  runs.forEach((run, r) => {
    for (const column of run.observables?.columns ?? []) {
      const [, base, number] = /^(.*?)_?(\d*)$/.exec(column.name);
      const name = number && run.observables.columns.some(c => c !== column && c.name.replace(/_?\d+$/, "") === base) ? base : column.name;
      if (!groups.has(name)) groups.set(name, []);
      groups.get(name).push({ run: r, column, times: run.observables.times, label: name === column.name ? "" : number });
    }
  });
  return [...groups].map(([name, series]) => ({ name, series }));
}

class ObservableChart {
  /** go(place): shows that time. */
  constructor({ name, series }, timeScale, runNames, go) {
    [this.name, this.series, this.timeScale, this.runNames] = [name, series, timeScale, runNames];
    this.element = document.createElement("div");
    this.element.className = "chart";
    this.title = this.element.appendChild(document.createElement("h2"));
    this.go = go;
    this.isLog = wantsLog(series.flatMap(s => s.column.parts));
    this.xs = [...new Set(series.flatMap(s => [...s.times]))].map(t => timeScale.place(t)).sort((a, b) => a - b);
    for (const s of series) {
      s.places = Float64Array.from(s.times, t => timeScale.place(t));
      const at = new Map([...s.places].map((place, i) => [place, i]));
      s.drawn = s.column.parts.map(values => this.xs.map(x => at.has(x) ? this.height(values[at.get(x)]) : undefined));
    }
  }

  height(value) {
    return this.isLog ? (value > 0 ? Math.log10(value) : null) : value;
  }

  /** Columns have colours, runs dashes; where there is one column, runs have colours. */
  colourOf(s) {
    const labels = [...new Set(this.series.map(other => other.label))], table = inks();
    return table[(labels.length > 1 ? labels.indexOf(s.label) : s.run) % table.length];
  }

  isDashed(s) {
    return s.run > 0 && this.series.some(other => other.label !== s.label);
  }

  /** Draws it anew, in the colours of the moment. */
  build(theme) {
    this.plot?.destroy();
    const options = { scale: "y", spanGaps: true, points: { show: false } }, series = [{}], data = [this.xs], bands = [];
    this.series.forEach(s => {
      const stroke = this.colourOf(s), dash = this.isDashed(s) ? [6, 3 * s.run] : undefined;
      const middle = s.drawn.length > 1 ? 1 : 0;
      if (s.drawn.length > 1) {
        bands.push({ series: [series.length + 1, series.length], fill: stroke + "38" });
        for (const part of [0, 2]) {
          series.push({ ...options, width: 0 });
          data.push(s.drawn[part]);
        }
      }
      series.push({ ...options, stroke, dash, width: 1.6 });
      data.push(s.drawn[middle]);
    });
    const axis = {
      stroke: theme.css.quiet, font: '12px "DejaVu Sans", Arial, sans-serif',
      grid: { stroke: theme.css.line, width: 1 }, ticks: { stroke: theme.css.line, width: 1, size: 5 },
    };
    const from = Math.min(this.timeScale.start, this.xs[0]), to = Math.max(this.timeScale.end, this.xs.at(-1));
    const isLog = this.isLog, t = this.timeScale, ticks = { values: (_, at) => labels(at) };
    const timeTicks = { splits: () => timeSplits(t), values: (_, at) => at.map(v => v < t.first ? "0" : labelOf(v)) };
    const powerTicks = { splits: (_, __, low, high) => powers(low, high, 5), values: (_, at) => at.map(labelOf) };
    this.plot = new uPlot({
      width: Math.max(120, this.element.clientWidth), height: 132, padding: [8, 12, 0, 0], pxAlign: 0, series, bands,
      legend: { show: false }, hooks: { draw: [() => this.move()] },
      cursor: { x: false, y: false, points: { show: false }, drag: { x: false, y: false, setScale: false } },
      scales: {
        x: { time: false, range: () => [from, to > from ? to : from + 1] },
        y: { range: (_, low, high) => room(low, high, isLog) },
      },
      axes: [
        { ...axis, size: 26, space: 44, ...(t.isLog ? timeTicks : ticks) },
        { ...axis, size: roomFor, space: 26, ...(isLog ? powerTicks : ticks) },
      ],
    }, data, this.element);
    const over = this.plot.over, goTo = e => this.go(this.plot.posToVal(e.clientX - over.getBoundingClientRect().left, "x"));
    over.addEventListener("pointerdown", goTo);
    over.addEventListener("pointermove", e => e.buttons === 1 && goTo(e));
    over.style.touchAction = "pan-y";
    this.present = over.appendChild(document.createElement("div"));
    this.present.className = "present";
  }

  resize() {
    this.plot.setSize({ width: Math.max(120, this.element.clientWidth), height: 132 });
  }

  // uPlot knows where things are once it has drawn, which is after it was made, or its size was set.
  move() {
    if (this.present && this.place !== undefined) this.present.style.left = `${this.plot.valToPos(this.place, "x")}px`;
  }

  /** Moves the line, and says the values there. */
  show(place) {
    this.place = place;
    this.move();
    const isShort = this.series.length > 4 && this.series.some(s => s.label !== ""); // no values, and each column once
    const told = isShort ? this.series.filter((s, i) => this.series.findIndex(other => other.label === s.label) === i) : this.series;
    this.title.replaceChildren(document.createTextNode(this.name), ...told.slice(0, 16).map(s => {
      const part = document.createElement("span"), swatch = part.appendChild(document.createElement("i"));
      swatch.style.borderColor = this.colourOf(s);
      swatch.style.borderTopStyle = this.isDashed(s) && !isShort ? "dashed" : "solid";
      if (this.series.length === 1) swatch.remove();
      const k = between(s.places, place), values = s.column.parts[s.column.parts.length > 1 ? 1 : 0];
      const value = isShort ? "" : shown(values[k.share < 0.5 ? k.before : k.after]);
      part.append(s.label + (s.label !== "" && !isShort ? ": " : "") + value);
      if (this.runNames.length > 1 && !isShort) part.title = this.runNames[s.run];
      return part;
    }));
  }
}

/** Whether numbers ask for a logarithmic axis: none truly negative, and three decades or more. Zeros and rounding are left out of it. */
function wantsLog(lists) {
  let [low, high, negative] = [Infinity, -Infinity, 0];
  for (const list of lists)
    for (const v of list) {
      if (v > 0) [low, high] = [Math.min(low, v), Math.max(high, v)];
      else negative = Math.max(negative, -v);
    }
  return high > 1000 * low && negative <= 1e-12 * high;
}

/** The ends of an axis; numbers that differ by rounding alone are a flat line. */
function room(low, high, isLog) {
  if (!(high >= low)) return [0, 1];
  const size = isLog ? 1 : Math.max(Math.abs(low), Math.abs(high)), least = isLog ? 0.2 : Math.max(1e-9 * size, 1e-300);
  const extra = high - low > least ? 0.06 * (high - low) : isLog ? 0.5 : 0.1 * size || 1;
  return [low - extra, high + extra];
}

function powers(low, high, most) {
  let every = 1;
  while ((high - low) / every > most) every++;
  const splits = [];
  for (let k = Math.ceil(low / every) * every; k <= high; k += every) splits.push(k);
  return splits.length > 1 ? splits : [low + 0.1 * (high - low), (low + high) / 2, high - 0.1 * (high - low)];
}

const labelOf = log => Math.abs(log - Math.round(log)) > 1e-9 ? shown(10 ** log, 2)
  : log === 0 ? "1" : log === 1 ? "10" : power(Math.round(log));

const timeSplits = t => [...(t.start < t.first ? [t.zero] : []),
  ...powers(t.first, t.end, 5).filter(v => v - t.zero > 0.06 * (t.end - t.zero))];

/** Ticks, all with as many decimals as they need, or all with powers of ten. */
function labels(at) {
  const largest = Math.max(...at.map(Math.abs)), step = at.length > 1 ? at[1] - at[0] : largest;
  for (let decimals = 0; decimals <= 6 && largest < 1e5; decimals++)
    if (at.every(v => Math.abs(v * 10 ** decimals - Math.round(v * 10 ** decimals)) < 1e-3 * step * 10 ** decimals))
      return at.map(v => (Math.abs(v) < 1e-9 * step ? 0 : v).toFixed(decimals).replace("-", "−"));
  return at.map(v => Math.abs(v) < 1e-9 * step ? "0" : scientific(v, Math.min(9, 2 + Math.ceil(Math.log10(largest / step)))));
}

/** Room for the longest label. */
const roomFor = (_, values) => Math.max(44, 16 + 7.4 * Math.max(0, ...(values ?? []).map(text => text.length)));
