"use strict";

// The numbers of a run, as PageRun.cs writes them.

/** Bytes of a text in base64. */
function bytesOf(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const binary = atob(text), bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** What zlib packed, of known length, from pieces of base64. */
async function inflated(texts, length) {
  if (typeof DecompressionStream === "undefined")
    throw new Error("This browser cannot unpack the numbers of this page (it has no DecompressionStream). "
      + "Chrome and Edge from 80, Safari from 16.4 and Firefox from 113 on can.");
  const stream = new DecompressionStream("deflate"), writer = stream.writable.getWriter(), reader = stream.readable.getReader();
  const write = async () => {
    for (const text of texts) await writer.write(bytesOf(text));
    await writer.close();
  };
  write().catch(() => {}); // what goes wrong here, goes wrong where it is read, too
  const whole = new Uint8Array(length);
  let at = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    whole.set(part.value, at);
    at += part.value.length;
  }
  if (at !== length) throw new Error("The numbers of this page are cut: make it again.");
  return whole.buffer;
}

/**
 * A run: its description, replica, token, label and cluster of each of its n tokens, positions [snapshot][token][3] in 1/32767
 * (-32768: not there), radii [snapshot][token] likewise or null, observables.
 */
async function readRun(about, pieces) {
  const { tokens: n, components, times, observableTimes: observed } = about, planes = components + (about.radii ? 1 : 0);
  const lists = observed > 0 ? observed * (1 + about.observables.length * about.observableParts) : 0;
  const buffer = await inflated(pieces.map(piece => piece.textContent), 8 * (lists + 4 * n) + 2 * planes * n * times.length);
  pieces.forEach(piece => piece.remove());
  let at = 0;
  const doubles = count => {
    const part = new Float64Array(buffer, at, count); // every browser's machine is little-endian
    at += 8 * count;
    return part;
  };
  const observables = observed === 0 ? null : {
    times: doubles(observed),
    columns: about.observables.map(name => ({ name, parts: Array.from({ length: about.observableParts }, () => doubles(observed)) })),
  };
  const run = {
    about, n, times, observables, replica: doubles(n), token: doubles(n), label: doubles(n), cluster: doubles(n),
    positions: new Int16Array(times.length * n * 3), radii: about.radii ? new Int16Array(times.length * n) : null,
  };
  const bytes = new Uint8Array(buffer, at), before = new Int16Array(planes * n);
  at = 0;
  for (let k = 0; k < times.length; k++)
    for (let p = 0; p < planes; p++) {
      const isRadius = p === components, target = isRadius ? run.radii : run.positions;
      const first = isRadius ? k * n : 3 * k * n + p, step = isRadius ? 1 : 3;
      for (let i = 0; i < n; i++) {
        const zigzag = bytes[at + i] | bytes[at + n + i] << 8;
        before[p * n + i] += zigzag >> 1 ^ -(zigzag & 1);
        target[first + step * i] = before[p * n + i];
      }
      at += 2 * n;
    }
  return run;
}

/** Digits for people: 1.359, 2.5 × 10⁻⁷, −3. */
function shown(value, digits = 4) {
  if (!Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  return size >= 1e5 || size < 1e-3 ? scientific(value, digits - 1) : String(Number(value.toPrecision(digits))).replace("-", "−");
}

/** 2.5 × 10⁻⁷. */
function scientific(value, digits) {
  const [mantissa, exponent] = value.toExponential(Math.max(0, digits - 1)).split("e"), short = String(Number(mantissa));
  return (short === "1" ? "" : short === "-1" ? "−" : short.replace("-", "−") + " × ") + power(Number(exponent));
}

/** 10 to an integer power, as text. */
function power(exponent) {
  const raised = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
  return "10" + [...String(exponent)].map(c => raised[c]).join("");
}

/** Whether times are spread evenly in their logarithm: then the middle one is far from half the last. */
const isLogarithmic = times => times.length > 4 && times[0] >= 0 && times[times.length >> 1] < 0.2 * times.at(-1);

/** Time as the page runs through it: t itself, or log10 t where times were recorded evenly in the logarithm. */
class TimeScale {
  constructor(runs) {
    const all = [...new Set(runs.flatMap(run => run.times))].sort((a, b) => a - b);
    // Runs recorded by the same rule may differ by rounding.
    this.times = all.filter((t, i) => i === 0 || t - all[i - 1] > 1e-9 * Math.abs(t));
    this.isLog = runs.every(run => isLogarithmic(run.times.length > 4 ? run.times : run.observables?.times ?? run.times));
    if (this.isLog) {
      const positive = this.times.filter(t => t > 0), end = positive.at(-1);
      const first = Math.min(positive[0], ...runs.map(run => run.observables?.times.find(t => t > 0) ?? Infinity));
      this.first = Math.log10(first);
      this.zero = this.first - Math.max(0.03 * (Math.log10(end) - this.first), (Math.log10(end) - this.first) / (positive.length - 1));
    }
    this.places = this.times.map(t => this.place(t));
    this.start = this.places[0];
    this.end = this.places.at(-1);
  }

  /** Where a time stands; the start before all logarithmic times, evenly before them. */
  place(t) {
    return !this.isLog ? t : t > 0 ? Math.max(this.zero, Math.log10(t)) : this.zero;
  }

  time(place) {
    if (!this.isLog) return place;
    if (place >= this.first) return 10 ** place;
    return Math.max(0, (place - this.zero) / (this.first - this.zero)) * 10 ** this.first;
  }

  /** The number of the recorded time nearest to a place. */
  nearest(place) {
    let best = 0;
    for (let i = 1; i < this.places.length; i++)
      if (Math.abs(this.places[i] - place) < Math.abs(this.places[best] - place)) best = i;
    return best;
  }
}

/** The snapshots of a run beside a place in time: { before, after, share }; what is beyond its end stays there. */
function between(places, place) {
  const last = places.length - 1;
  if (place >= places[last]) return { before: last, after: last, share: 0 };
  if (place <= places[0]) return { before: 0, after: 0, share: 0 };
  let low = 0, high = last;
  while (high - low > 1) {
    const middle = low + high >> 1;
    if (places[middle] <= place) low = middle;
    else high = middle;
  }
  return { before: low, after: high, share: (place - places[low]) / (places[high] - places[low]) };
}
