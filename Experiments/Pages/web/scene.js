"use strict";

// What is seen: an orthographic camera far away, the third axis upright, as in the printed figures. What lies behind is smaller, paler and
// under a translucent ball.

/** Which way the camera looks: azimuth and elevation in degrees, magnification, the middle's shift in radii. */
class Camera {
  constructor(azimuth, elevation) {
    this.usual = { azimuth, elevation, zoom: 1, shiftX: 0, shiftY: 0 };
    this.reset();
  }

  reset() {
    Object.assign(this, this.usual);
  }

  turn(azimuth, elevation) {
    this.azimuth = (this.azimuth + azimuth) % 360;
    this.elevation = Math.max(-90, Math.min(90, this.elevation + elevation));
  }

  /** Magnifies about a place, given in radii from the middle, x to the right, y upwards. */
  magnify(factor, x = 0, y = 0) {
    const zoom = Math.max(0.5, Math.min(200, this.zoom * factor)), change = zoom / this.zoom;
    this.zoom = zoom;
    this.shiftX = zoom <= 1 ? 0 : x + (this.shiftX - x) * change;
    this.shiftY = zoom <= 1 ? 0 : y + (this.shiftY - y) * change;
  }

  /** Rows of the rotation: to the right, upwards, towards the viewer. */
  get rows() {
    const a = this.azimuth * Math.PI / 180, e = this.elevation * Math.PI / 180;
    const [sa, ca, se, ce] = [Math.sin(a), Math.cos(a), Math.sin(e), Math.cos(e)];
    return [-sa, ca, 0, -se * ca, -se * sa, ce, ce * ca, ce * sa, se];
  }
}

const mixed = (colour, paper, share) => colour.map((c, i) => Math.round(c + (paper[i] - c) * share));

/** Draws one run into a rectangle. */
class RunView {
  constructor(run, timeScale) {
    this.run = run;
    this.isFlat = run.about.dimension === 2;
    this.isBall = run.about.dimension === 3;
    this.places = Float64Array.from(run.times, t => timeScale.place(t));
    this.seen = new Float32Array(3 * run.n); // x, y in pixels, depth; NaN where a token is not seen
    this.order = new Uint32Array(run.n);
    this.frontAt = this.count = 0;
    if (!this.isFlat) return;
    // Time as the third axis, from -1 to 1.
    const range = timeScale.end - timeScale.start || 1;
    for (let k = 0; k < run.times.length; k++) {
      const height = Math.round(32767 * (2 * (this.places[k] - timeScale.start) / range - 1));
      for (let i = 0; i < run.n; i++) run.positions[3 * (k * run.n + i) + 2] = height;
    }
  }

  /** Where tokens are at a place in time, as seen; sorted by depth. */
  look(place, camera, rectangle, isHidden) {
    const { run, seen } = this, q = run.positions, n = run.n, m = camera.rows;
    const at = between(this.places, place), a = 3 * at.before * n, b = 3 * at.after * n, s = at.share / 32767, r = (1 - at.share) / 32767;
    this.at = at;
    this.radius = camera.zoom * Math.min(rectangle.width, rectangle.height - rectangle.top) * (this.isFlat ? 0.33 : 0.46);
    this.centreX = rectangle.x + rectangle.width / 2 + this.radius / camera.zoom * camera.shiftX;
    this.centreY = rectangle.y + (rectangle.height + rectangle.top) / 2 - this.radius / camera.zoom * camera.shiftY;
    this.rows = m;
    let count = 0;
    for (let i = 0, j = 0; i < n; i++, j += 3) {
      if (q[a + j] === -32768 || q[b + j] === -32768 || isHidden?.(i)) {
        seen[j] = NaN;
        continue;
      }
      let x = r * q[a + j] + s * q[b + j], y = r * q[a + j + 1] + s * q[b + j + 1], z = r * q[a + j + 2] + s * q[b + j + 2];
      if (at.share > 0 && run.about.dimension <= 3) {
        // Between snapshots along the sphere, or circle.
        const length = this.isFlat ? Math.hypot(x, y) : Math.hypot(x, y, z);
        if (length > 1e-6) [x, y, z] = [x / length, y / length, this.isFlat ? z : z / length];
      }
      seen[j] = this.centreX + this.radius * (m[0] * x + m[1] * y + m[2] * z);
      seen[j + 1] = this.centreY - this.radius * (m[3] * x + m[4] * y + m[5] * z);
      seen[j + 2] = m[6] * x + m[7] * y + m[8] * z;
      this.order[count++] = i;
    }
    this.count = count;
    this.sort();
  }

  // By depth, in 1024 steps; those in front from frontAt on.
  sort() {
    const steps = 1024, starts = new Uint32Array(steps + 1), { seen, count } = this, kept = this.order.slice(0, count);
    const step = i => Math.max(0, Math.min(steps - 1, Math.floor((seen[3 * i + 2] / 1.5 + 1) * steps / 2)));
    for (const i of kept) starts[step(i) + 1]++;
    for (let k = 0; k < steps; k++) starts[k + 1] += starts[k];
    this.frontAt = starts[steps / 2];
    for (const i of kept) this.order[starts[step(i)]++] = i;
  }

  project(x, y, z) {
    const m = this.rows, r = this.radius;
    return [this.centreX + r * (m[0] * x + m[1] * y + m[2] * z), this.centreY - r * (m[3] * x + m[4] * y + m[5] * z),
      m[6] * x + m[7] * y + m[8] * z];
  }

  /** All strokes of the view. colours: [n, 3]; picked: a token, or -1. */
  paint(strokes, colours, theme, limits, picked) {
    const base = Math.max(0.55, this.radius / 250) / Math.max(1, (this.radius / 250) / 1.6);
    this.tokenRadius = Math.max(1.2, Math.min(4.2, 60 / Math.sqrt(Math.max(1, this.count)))) * base;
    if (this.isFlat) this.paintCylinder(strokes, colours, theme);
    for (const isFront of [false, true]) {
      if (isFront && !this.isFlat) this.paintBall(strokes, theme);
      if (this.isBall) this.paintGraticule(strokes, theme, isFront);
      for (const limit of limits) this.paintLimit(strokes, limit, theme, isFront);
      const [from, to] = isFront ? [this.frontAt, this.count] : [0, this.frontAt];
      for (let k = from; k < to; k++) this.paintToken(strokes, this.order[k], colours, theme, isFront);
    }
    if (picked >= 0 && !Number.isNaN(this.seen[3 * picked])) {
      const [x, y] = this.seen.subarray(3 * picked, 3 * picked + 2);
      strokes.add(x, y, x, y, 2 * this.tokenRadius + 8, theme.ink, 1);
      strokes.add(x, y, x, y, 2 * this.tokenRadius + 4, theme.paper, 1);
      strokes.add(x, y, x, y, 2 * this.tokenRadius, colours.subarray(3 * picked, 3 * picked + 3), 1);
    }
  }

  paintToken(strokes, i, colours, theme, isFront) {
    const x = this.seen[3 * i], y = this.seen[3 * i + 1], depth = Math.max(-1, Math.min(1, this.seen[3 * i + 2]));
    const width = 2 * this.tokenRadius * (isFront ? 1 : 0.86) * (1 + 0.14 * depth), pale = isFront ? 0 : 0.25, p = theme.paper;
    strokes.put(x, y, x, y, width, colours[3 * i] + pale * (p[0] - colours[3 * i]), colours[3 * i + 1] + pale * (p[1] - colours[3 * i + 1]),
      colours[3 * i + 2] + pale * (p[2] - colours[3 * i + 2]), 1);
  }

  paintBall(strokes, theme) {
    const { centreX: x, centreY: y, radius: r } = this;
    strokes.add(x, y, x, y, 2 * r + 1.4, theme.edge, this.isBall ? 0.25 : 0.15);
    strokes.add(x, y, x, y, 2 * r - 1.4, theme.ball, this.isBall ? 0.48 : 0.35);
    for (let i = 1; i <= 6; i++) {
      const part = r * (0.85 - 0.12 * i), off = 0.145 * (r - part);
      strokes.add(x - 2 * off, y - 2.4 * off, x - 2 * off, y - 2.4 * off, 2 * part, theme.shine, 0.1);
    }
    // The outline, over the tokens behind it.
    let last = [x + r, y];
    for (let k = 1; k <= 120; k++) {
      const next = [x + r * Math.cos(k * Math.PI / 60), y + r * Math.sin(k * Math.PI / 60)];
      strokes.add(...last, ...next, 1.2, theme.edge, 1);
      last = next;
    }
  }

  paintGraticule(strokes, theme, isFront) {
    const ink = isFront ? theme.grid : mixed(theme.grid, theme.paper, 0.45), turn = Array.from({ length: 73 }, (_, i) => i * Math.PI / 36);
    for (let k = -2; k <= 2; k++) {
      const [z, r] = [Math.sin(k * Math.PI / 6), Math.cos(k * Math.PI / 6)];
      this.paintCurve(strokes, turn.flatMap(a => [r * Math.cos(a), r * Math.sin(a), z]), 0.8, ink, isFront);
    }
    for (let k = 0; k < 6; k++) {
      const [s, c] = [Math.sin(k * Math.PI / 6), Math.cos(k * Math.PI / 6)];
      this.paintCurve(strokes, turn.flatMap(a => [c * Math.cos(a), s * Math.cos(a), Math.sin(a)]), 0.8, ink, isFront);
    }
  }

  /**
   * The part of a curve, coordinates one after the other, on one side of the limb; isFront null: all of it. A loose one goes on beyond the
   * limb to its next point.
   */
  paintCurve(strokes, points, width, ink, isFront, isLoose = false) {
    let last = null;
    for (let i = 0; i < points.length; i += 3) {
      const next = this.project(points[i], points[i + 1], points[i + 2]);
      if (last) {
        let [a, b] = [last, next];
        const [isA, isB] = [a[2] >= -1e-9, b[2] >= -1e-9];
        if (isFront !== null && isA !== isB && !isLoose) {
          const share = a[2] / (a[2] - b[2]), limb = [a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])];
          if (isA === isFront) b = limb;
          else a = limb;
        }
        if (isFront === null || isA === isFront || isB === isFront) strokes.add(a[0], a[1], b[0], b[1], width, ink, 1);
      }
      last = next;
    }
  }

  // A predicted curve is a road under the tokens, a point a ring.
  paintLimit(strokes, limit, theme, isFront) {
    const size = Math.max(1, 0.8 * this.tokenRadius), lift = points => this.isFlat ? raised(points, this.height()) : points;
    for (const curve of limit.curves.map(lift)) {
      this.paintCurve(strokes, curve, 3.4 * size, mixed(theme.road, theme.paper, isFront ? 0 : 0.4), isFront);
      this.paintCurve(strokes, curve, 3.4 * size - 2, mixed(theme.ball, theme.paper, 0.5), isFront, true);
    }
    const points = lift(limit.points), ring = (points.length > 3 * 64 ? 2 : 3.4) * size;
    for (let i = 0; i < points.length; i += 3) {
      const [x, y, depth] = this.project(points[i], points[i + 1], points[i + 2]);
      if (depth >= -1e-9 !== isFront) continue;
      const angles = Array.from({ length: 25 }, (_, k) => k * Math.PI / 12);
      const around = angles.map(a => [x + ring * Math.cos(a), y + ring * Math.sin(a)]);
      for (let k = 1; k < around.length; k++)
        strokes.add(...around[k - 1], ...around[k], isFront ? 1.6 : 1.2, mixed(theme.ink, theme.paper, isFront ? 0 : 0.45), 1);
    }
  }

  height() {
    const { before, after, share } = this.at, q = this.run.positions, n = this.run.n;
    return ((1 - share) * q[3 * before * n + 2] + share * q[3 * after * n + 2]) / 32767;
  }

  // d = 2: the circle at the first, the last and the present time, and the ways of tokens up to the present.
  paintCylinder(strokes, colours, theme) {
    const turn = Array.from({ length: 97 }, (_, i) => i * Math.PI / 48), circle = z => turn.flatMap(a => [Math.cos(a), Math.sin(a), z]);
    for (const z of [-1, 1]) this.paintCurve(strokes, circle(z), 0.9, theme.grid, null);
    for (let k = 0; k < 4; k++) {
      const [c, s] = [Math.cos(k * Math.PI / 2), Math.sin(k * Math.PI / 2)];
      this.paintCurve(strokes, [c, s, -1, c, s, 1], 0.9, theme.grid, null);
    }
    const { run, at } = this, q = run.positions, n = run.n, most = 30000;
    const every = Math.max(1, Math.ceil(n * at.after / most));
    for (let i = 0; i < n; i += every) {
      if (Number.isNaN(this.seen[3 * i])) continue;
      const ink = colours.subarray(3 * i, 3 * i + 3);
      let last = null;
      for (let k = 0; k <= at.before; k++) {
        const j = 3 * (k * n + i);
        if (q[j] === -32768) {
          last = null;
          continue;
        }
        const next = this.project(q[j] / 32767, q[j + 1] / 32767, q[j + 2] / 32767);
        if (last) strokes.add(last[0], last[1], next[0], next[1], 1.1, ink, last[2] + next[2] > 0 ? 0.5 : 0.2);
        last = next;
      }
      if (last && at.share > 0) strokes.add(last[0], last[1], this.seen[3 * i], this.seen[3 * i + 1], 1.1, ink, last[2] > 0 ? 0.5 : 0.2);
    }
    this.paintCurve(strokes, circle(this.height()), 1.4, theme.edge, null);
  }

  /** The token nearest to a place within some pixels, in front before behind; -1 for none. */
  pick(x, y) {
    let best = -1, least = 12;
    for (const i of this.order.subarray(0, this.count)) {
      const distance = Math.hypot(this.seen[3 * i] - x, this.seen[3 * i + 1] - y) + (this.seen[3 * i + 2] < -1e-3 ? 4 : 0);
      if (distance <= least) [best, least] = [i, distance];
    }
    return best;
  }
}

const raised = (points, z) => Array.from({ length: points.length / 2 }, (_, i) => [points[2 * i], points[2 * i + 1], z]).flat();
