"use strict";

// Colours of tokens. Scales are made in Oklch, with a contrast of at least 3 to the paper of either mode.

const darkMode = matchMedia("(prefers-color-scheme: dark)");
const inks = () => darkMode.matches
  ? ["#56B4E9", "#F0904D", "#3CC9A0", "#E39AC3", "#E8BE4A", "#A9B6FF", "#E0776B", "#9BD15B"]
  : ["#0072B2", "#C45200", "#007F5C", "#A9497F", "#8A6500", "#5B57C2", "#B3352B", "#4E7D14"];

/** [r, g, b] from 0 to 255 of a lightness, chroma and hue (radians); chroma lowered until there is such a colour. */
function oklch(lightness, chroma, hue) {
  for (; ; chroma -= 0.005) {
    const a = chroma * Math.cos(hue), b = chroma * Math.sin(hue);
    const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
    const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
    const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
    const linear = [
      4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s, -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
      -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s];
    if (chroma <= 0.005 || linear.every(v => v >= 0 && v <= 1))
      return linear.map(v => Math.round(255 * Math.min(1, Math.max(0, v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055))));
  }
}

/** A table of 256 colours for a share from 0 to 1: one turn of the hue, whose ends meet, or from blue by red to ochre. */
function scale(isCyclic) {
  const middle = darkMode.matches ? 0.71 : 0.55, sweep = darkMode.matches ? 0.1 : 0.09;
  return Array.from({ length: 256 }, (_, i) => {
    const s = (i + 0.5) / 256;
    return isCyclic ? oklch(middle - sweep * Math.cos(2 * Math.PI * s), 0.14, 2 * Math.PI * s + 4.6)
      : oklch(middle - 1.3 * sweep + 2.2 * sweep * s, 0.15, 4.5 + 3.2 * s);
  });
}

const rgbOf = hex => [1, 3, 5].map(at => parseInt(hex.slice(at, at + 2), 16));
const cssOf = rgb => `rgb(${rgb.join(" ")})`;
const grey = () => darkMode.matches ? [140, 149, 159] : [125, 133, 142];

/** Ways of colouring tokens that make sense for some runs: name to what makes { colours(run, k), legend, whether it changes with k }. */
function colourings(runs, timeScale) {
  const ways = new Map();
  const labels = runs.flatMap(run => run.about.isLabelled ? extremes(run.label) : []);
  const [low, high] = [Math.min(...labels), Math.max(...labels)];
  if (high > low) ways.set("label", () => byLabel(runs, low, high));
  if (runs.some(run => run.cluster.some(c => c >= 0))) ways.set("cluster at the end", byCluster);
  const replicas = [...new Set(runs.flatMap(run => [...new Set(run.replica)]))].sort((a, b) => a - b);
  if (replicas.length > 1) ways.set("replica", () => byReplica(replicas));
  if (runs.every(run => run.about.dimension <= 3) && timeScale.times.length > 1) ways.set("speed", () => bySpeed(runs));
  if (runs.every(run => run.radii)) ways.set("radius", () => byRadius(runs));
  if (ways.size === 0) ways.set("none", () => ({ colours: run => fill(run, () => rgbOf(inks()[0])), legend: [] }));
  return ways;
}

function extremes(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const v of values) if (Number.isFinite(v)) [low, high] = [Math.min(low, v), Math.max(high, v)];
  return [low, high];
}

/** [n, 3] colours. */
function fill(run, colourOf) {
  const colours = new Uint8Array(3 * run.n);
  for (let i = 0; i < run.n; i++) colours.set(colourOf(i), 3 * i);
  return colours;
}

function bar(table, from, to) {
  const stops = Array.from({ length: 17 }, (_, i) => cssOf(table[Math.min(255, 16 * i)]));
  return [{ text: from, bar: `linear-gradient(90deg, ${stops.join(", ")})`, to }];
}

// Colours of labels in [0, 1) meet where a run does not tell 0 from 1; a run in which labels mean nothing takes the scale of the others.
function byLabel(runs, low, high) {
  const known = runs.map(run => run.about.isCyclic).filter(is => is !== undefined);
  const isCyclic = run => low >= 0 && high < 1 && (run.about.isCyclic ?? (known.length > 0 && known.every(is => is)));
  const tables = new Map([...new Set(runs.map(isCyclic))].map(is => [is, scale(is)]));
  const [from, to] = low >= 0 && high < 1 && high - low > 0.9 ? [0, 1] : [low, high];
  return {
    colours: run => {
      const table = tables.get(isCyclic(run));
      const at = label => table[Math.min(255, Math.floor(256 * (label - from) / (to - from)))];
      return fill(run, i => Number.isFinite(run.label[i]) ? at(run.label[i]) : grey());
    },
    legend: [...tables].flatMap(([is, table]) =>
      bar(table, (tables.size === 1 ? "" : is ? "closed curves: " : "others: ") + shown(from, 3), shown(to, 3))),
  };
}

function byCluster() {
  const table = inks().map(rgbOf);
  return {
    colours: run => fill(run, i => run.cluster[i] >= 0 && run.cluster[i] < table.length ? table[run.cluster[i]] : grey()),
    legend: [{ text: "joined within 2.56° at the end, largest first:" }, ...table.map(c => ({ dot: cssOf(c), text: "" })),
      { dot: cssOf(grey()), text: "smaller, or alone" }],
  };
}

function byReplica(replicas) {
  const few = inks().map(rgbOf), isFew = replicas.length <= few.length, table = scale(false);
  const colourOf = r => {
    const at = replicas.indexOf(r);
    return isFew ? few[at] : table[Math.floor(255 * at / (replicas.length - 1))];
  };
  const known = new Map(replicas.map(r => [r, colourOf(r)]));
  return {
    colours: run => fill(run, i => known.get(run.replica[i])),
    legend: isFew ? replicas.map(r => ({ dot: cssOf(known.get(r)), text: String(r) }))
      : bar(table, String(replicas[0]), String(replicas.at(-1))),
  };
}

/** |dx/dt| from one snapshot to the next, on a logarithmic scale of four decades below the fastest. */
function bySpeed(runs) {
  const table = scale(false), decades = 4;
  const speed = (run, k, i) => {
    const last = run.times.length - 1, from = Math.min(k, Math.max(0, last - 1)), to = Math.min(from + 1, last);
    const a = 3 * (from * run.n + i), b = 3 * (to * run.n + i), q = run.positions;
    const x = q[b] - q[a], y = q[b + 1] - q[a + 1], z = run.about.dimension > 2 ? q[b + 2] - q[a + 2] : 0;
    if (to === from || q[a] === -32768 || q[b] === -32768) return NaN;
    return Math.sqrt(x * x + y * y + z * z) / 32767 / (run.times[to] - run.times[from]);
  };
  let fastest = 0;
  for (const run of runs)
    for (let k = 0; k + 1 < run.times.length; k++)
      for (let i = 0; i < run.n; i++) fastest = Math.max(fastest, speed(run, k, i) || 0);
  return {
    changes: true,
    colours: (run, k) => fill(run, i => {
      const share = 1 + Math.log10(speed(run, k, i) / fastest) / decades;
      return Number.isNaN(share) ? grey() : table[Math.round(255 * Math.min(1, Math.max(0, share)))];
    }),
    legend: fastest > 0 ? bar(table, "≤ " + shown(fastest * 10 ** -decades, 2), shown(fastest, 2)) : [{ text: "nothing moves" }],
  };
}

/** r on a logarithmic scale, the same for all runs. */
function byRadius(runs) {
  const table = scale(false), all = runs.flatMap(run => run.about.radii), low = Math.min(...all), high = Math.max(...all);
  return {
    changes: true,
    colours: (run, k) => fill(run, i => {
      const q = run.radii[k * run.n + i], [from, to] = run.about.radii;
      if (q === -32768) return grey();
      const r = from * (to / from) ** ((q / 32767 + 1) / 2);
      return table[Math.round(255 * Math.min(1, Math.max(0, Math.log(r / low) / Math.log(high / low))))];
    }),
    legend: bar(table, shown(low, 3), shown(high, 3)),
  };
}
