"use strict";

// All that is drawn is strokes with round ends: nine numbers each, x0, y0, x1, y1, width in CSS pixels, red, green, blue from 0 to 255,
// alpha from 0 to 1. A stroke without length is a disc. Later ones cover earlier ones.

class Strokes {
  constructor() {
    this.numbers = new Float32Array(9 * 4096);
    this.length = 0;
  }

  clear() {
    this.length = 0;
  }

  get count() {
    return this.length / 9;
  }

  add(x0, y0, x1, y1, width, [red, green, blue], alpha) {
    this.put(x0, y0, x1, y1, width, red, green, blue, alpha);
  }

  put(x0, y0, x1, y1, width, red, green, blue, alpha) {
    let at = this.length;
    if (at + 9 > this.numbers.length) {
      const longer = new Float32Array(2 * this.numbers.length);
      longer.set(this.numbers);
      this.numbers = longer;
    }
    const n = this.numbers;
    n[at++] = x0; n[at++] = y0; n[at++] = x1; n[at++] = y1; n[at++] = width;
    n[at++] = red; n[at++] = green; n[at++] = blue; n[at++] = alpha;
    this.length = at;
  }
}

const vertexShader = `#version 300 es
layout(location = 0) in vec4 ends; layout(location = 1) in float width; layout(location = 2) in vec4 colour;
uniform vec2 size; uniform float pixel;
out vec2 here; flat out vec4 segment; flat out float radius; flat out vec4 ink;
void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.0 - 1.0, along = ends.zw - ends.xy;
  float length = length(along);
  along = length > 0.0 ? along / length : vec2(1, 0);
  radius = 0.5 * width;
  here = mix(ends.xy, ends.zw, corner.x * 0.5 + 0.5) + (radius + pixel) * (along * corner.x + vec2(-along.y, along.x) * corner.y);
  segment = ends;
  ink = vec4(colour.rgb / 255.0, colour.a);
  gl_Position = vec4(here / size * vec2(2, -2) + vec2(-1, 1), 0, 1);
}`;

const fragmentShader = `#version 300 es
precision highp float;
in vec2 here; flat in vec4 segment; flat in float radius; flat in vec4 ink;
uniform float pixel;
out vec4 colour;
void main() {
  vec2 along = segment.zw - segment.xy, from = here - segment.xy;
  float share = clamp(dot(from, along) / max(dot(along, along), 1e-12), 0.0, 1.0);
  float cover = clamp((radius - distance(from, share * along)) / pixel + 0.5, 0.0, 1.0) * ink.a;
  colour = vec4(ink.rgb * cover, cover);
}`;

class GlPainter {
  static kind = "webgl2";

  constructor(canvas) {
    const gl = canvas.getContext("webgl2", { antialias: false, depth: false });
    if (!gl) throw new Error("no WebGL2");
    const program = gl.createProgram();
    for (const [kind, text] of [[gl.VERTEX_SHADER, vertexShader], [gl.FRAGMENT_SHADER, fragmentShader]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, text);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program));
    gl.useProgram(program);
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    for (const [place, count, first] of [[0, 4, 0], [1, 1, 4], [2, 4, 5]]) {
      gl.enableVertexAttribArray(place);
      gl.vertexAttribPointer(place, count, gl.FLOAT, false, 36, 4 * first);
      gl.vertexAttribDivisor(place, 1);
    }
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    this.gl = gl;
    this.sizeAt = gl.getUniformLocation(program, "size");
    this.pixelAt = gl.getUniformLocation(program, "pixel");
  }

  /** Clears a canvas of so many CSS pixels. */
  begin(width, height, ratio, paper) {
    const gl = this.gl;
    [this.height, this.ratio] = [height, ratio];
    gl.viewport(0, 0, gl.canvas.width, gl.canvas.height);
    gl.disable(gl.SCISSOR_TEST);
    gl.clearColor(paper[0] / 255, paper[1] / 255, paper[2] / 255, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.uniform2f(this.sizeAt, width, height);
    gl.uniform1f(this.pixelAt, 1 / ratio);
    gl.enable(gl.SCISSOR_TEST);
  }

  /** Draws strokes, cut at a rectangle. */
  draw(strokes, { x, y, width, height }) {
    const gl = this.gl, r = this.ratio;
    gl.scissor(Math.round(x * r), Math.round((this.height - y - height) * r), Math.round(width * r), Math.round(height * r));
    gl.bufferData(gl.ARRAY_BUFFER, strokes.numbers.subarray(0, strokes.length), gl.DYNAMIC_DRAW);
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, strokes.count);
  }
}

class CanvasPainter {
  static kind = "canvas";

  constructor(canvas) {
    this.context = canvas.getContext("2d");
  }

  begin(width, height, ratio, paper) {
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.context.fillStyle = cssOf(paper);
    this.context.fillRect(0, 0, width, height);
    this.context.lineCap = "round";
  }

  draw(strokes, { x, y, width, height }) {
    const c = this.context, n = strokes.numbers;
    c.save();
    c.beginPath();
    c.rect(x, y, width, height);
    c.clip();
    let last = "";
    for (let at = 0; at < strokes.length; at += 9) {
      const ink = `rgba(${n[at + 5]},${n[at + 6]},${n[at + 7]},${n[at + 8]})`;
      if (ink !== last) c.fillStyle = c.strokeStyle = last = ink;
      c.beginPath();
      if (n[at] === n[at + 2] && n[at + 1] === n[at + 3]) {
        c.arc(n[at], n[at + 1], n[at + 4] / 2, 0, 2 * Math.PI);
        c.fill();
      } else {
        c.lineWidth = n[at + 4];
        c.moveTo(n[at], n[at + 1]);
        c.lineTo(n[at + 2], n[at + 3]);
        c.stroke();
      }
    }
    c.restore();
  }
}

/** The painter that is best here. A canvas that has had one kind of context never gets another, so this is tried on one of its own. */
function painterFor(canvas) {
  const gl = document.createElement("canvas").getContext("webgl2"), info = gl?.getExtension("WEBGL_debug_renderer_info");
  // WebGL on the processor takes several times as long as the 2-D canvas.
  const isSlow = info && /swiftshader|llvmpipe|softpipe|software|basic render/i.test(gl.getParameter(info.UNMASKED_RENDERER_WEBGL));
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
  return gl && !isSlow ? new GlPainter(canvas) : new CanvasPainter(canvas);
}
