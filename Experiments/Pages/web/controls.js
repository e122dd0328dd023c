"use strict";

// Pointers, keys, and the player.

const lessMotion = matchMedia("(prefers-reduced-motion: reduce)");

/** Plays from the present to the end, evenly in recorded time; with reduced motion from one recorded time to the next. */
class Player {
  constructor(page) {
    this.page = page;
    this.isOn = false;
    $("play").addEventListener("click", () => this.toggle());
  }

  toggle() {
    const { timeScale } = this.page;
    if ($("play").disabled) return;
    if (!this.isOn && this.page.place >= timeScale.end) this.page.go(timeScale.start);
    this.set(!this.isOn);
  }

  set(isOn) {
    this.isOn = isOn;
    $("play").textContent = isOn ? "Pause" : "Play";
    if (!isOn) return;
    this.last = performance.now();
    requestAnimationFrame(now => this.tick(now));
  }

  tick(now) {
    if (!this.isOn) return;
    const { timeScale } = this.page, whole = 1000 * Math.max(4, Math.min(12, 0.15 * timeScale.times.length));
    if (lessMotion.matches) {
      if (now - this.last >= 500) {
        this.last = now;
        step(this.page, 1);
      }
    } else {
      this.page.go(this.page.place + (timeScale.end - timeScale.start) * Math.max(0, now - this.last) / whole);
      this.last = now;
    }
    if (this.page.place >= timeScale.end) this.set(false);
    else requestAnimationFrame(later => this.tick(later));
  }
}

/** To the next recorded time, or the one before. */
function step(page, by) {
  const { places } = page.timeScale, near = 1e-9 * Math.max(1, Math.abs(page.place));
  page.go((by > 0 ? places.find(p => p > page.place + near) : places.findLast(p => p < page.place - near)) ?? page.place);
}

function listen(page) {
  const player = new Player(page), canvas = $("canvas");
  $("time").addEventListener("input", () => {
    player.set(false);
    page.go(page.timeScale.places[Number($("time").value)]);
  });
  const redraw = change => {
    change();
    page.ask();
  };
  const turn = 6, actions = {
    " ": () => player.toggle(),
    ArrowLeft: () => step(page, -1), ArrowRight: () => step(page, 1),
    Home: () => page.go(page.timeScale.start), End: () => page.go(page.timeScale.end),
    "+": () => redraw(() => page.camera.magnify(1.25)), "=": () => redraw(() => page.camera.magnify(1.25)),
    "-": () => redraw(() => page.camera.magnify(0.8)), "−": () => redraw(() => page.camera.magnify(0.8)),
    r: () => redraw(() => page.camera.reset()), R: () => redraw(() => page.camera.reset()),
  };
  const turns = {
    ArrowLeft: [-turn, 0], ArrowRight: [turn, 0], ArrowUp: [0, turn], ArrowDown: [0, -turn],
  };
  addEventListener("keydown", e => {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const target = e.target, isOwn = target instanceof HTMLSelectElement || target instanceof HTMLInputElement && target.type === "checkbox"
      || target instanceof HTMLButtonElement;
    if (isOwn && (e.key === " " || target instanceof HTMLSelectElement)) return; // theirs
    const isTurn = e.shiftKey && turns[e.key];
    if (!isTurn && !actions[e.key]) return;
    e.preventDefault();
    if (isTurn) redraw(() => page.camera.turn(...turns[e.key]));
    else {
      if (e.key !== " " && (e.key.startsWith("Arrow") || e.key === "Home" || e.key === "End")) player.set(false);
      actions[e.key]();
    }
  });

  // One pointer turns, two magnify.
  const down = new Map();
  const at = e => {
    const box = canvas.getBoundingClientRect();
    return [e.clientX - box.left, e.clientY - box.top];
  };
  const apart = () => {
    const [a, b] = [...down.values()];
    return Math.hypot(a[0] - b[0], a[1] - b[1]);
  };
  const magnify = (x, y, factor) => {
    const view = page.viewAt(x, y);
    if (!view) return;
    const r = view.radius / page.camera.zoom;
    const middleX = view.centreX - r * page.camera.shiftX, middleY = view.centreY + r * page.camera.shiftY;
    redraw(() => page.camera.magnify(factor, (x - middleX) / r, (middleY - y) / r));
  };
  canvas.addEventListener("pointerdown", e => {
    down.set(e.pointerId, at(e));
    canvas.setPointerCapture(e.pointerId);
  });
  canvas.addEventListener("pointermove", e => {
    const now = at(e), before = down.get(e.pointerId);
    if (!before) {
      page.pick(...now);
      return;
    }
    const gap = down.size === 2 ? apart() : 0;
    down.set(e.pointerId, now);
    if (down.size === 2) magnify(...now, apart() / Math.max(1, gap));
    else if (down.size === 1) redraw(() => page.camera.turn(-0.4 * (now[0] - before[0]), 0.4 * (now[1] - before[1])));
    page.pick(-1, -1);
  });
  for (const end of ["pointerup", "pointercancel"])
    canvas.addEventListener(end, e => {
      down.delete(e.pointerId);
      page.pick(...at(e));
    });
  canvas.addEventListener("pointerleave", () => page.pick(-1, -1));
  canvas.addEventListener("wheel", e => {
    e.preventDefault();
    magnify(...at(e), Math.exp(-0.0015 * e.deltaY * (e.deltaMode === 1 ? 16 : 1)));
  }, { passive: false });
}
