import { bakeBody, VERTEX_BYTES } from "./bake.js";
import { bodyPose } from "./data.js";
import { multiply, placeRows } from "./math.js";
import {
  BONE_FRAGMENT, BONE_VERTEX, GRID_FRAGMENT, GRID_VERTEX, PICK_FRAGMENT, PICK_VERTEX, SHADE_FRAGMENT, SHADE_VERTEX,
  SHADOW_FRAGMENT, SHADOW_VERTEX,
} from "./shaders.js";

const SHADOW = { size: 512, blur: 1.8 }, SHADOW_IN_SOFTWARE = { size: 256, blur: 1 };
const GRID_REACH = 6;
const SHADOWS_IN_A_HURRY = 3;
const TINTS = [
  [0.95, 0.88, 0.74], [0.72, 0.86, 0.97], [0.96, 0.74, 0.83], [0.74, 0.92, 0.7], [0.98, 0.72, 0.42], [0.82, 0.76, 0.97],
];

/** Draws the bones of all persons, their shadow and the floor, with WebGL 2 and nothing else. */
export class Renderer {
  constructor(canvas, scene) {
    const smooth = !isSoftware();
    const gl = canvas.getContext("webgl2", { antialias: smooth, alpha: true, premultipliedAlpha: true });
    if (!gl) throw new Error("This browser has no WebGL 2: the bones cannot be drawn.");
    Object.assign(this, { gl, canvas, smooth, scene, chosen: -1, blocks: [], square: [0, 0, 1.6], shadowIsOld: true, drawings: 0 });
    this.bones = scene.persons.flatMap((person, index) => person.bones.map((bone) => ({ ...bone, person: index })));
    this.bones.forEach((bone, number) => { bone.number = number; });
    this.look = { dark: false, grid: true, floor: true };
    this.programs = {
      bone: program(gl, BONE_VERTEX, BONE_FRAGMENT),
      shadow: program(gl, SHADOW_VERTEX, SHADOW_FRAGMENT),
      pick: program(gl, PICK_VERTEX, PICK_FRAGMENT),
      shade: program(gl, SHADE_VERTEX, SHADE_FRAGMENT),
      grid: program(gl, GRID_VERTEX, GRID_FRAGMENT),
    };
    this.load();
    this.soft = smooth ? SHADOW : SHADOW_IN_SOFTWARE;
    this.shadow = target(gl, this.soft.size, gl.R8, gl.RED, true);
    this.picked = target(gl, 1, gl.RGBA8, gl.RGBA, false);
  }

  /** A block of vertices for every body of every person, and the floor. */
  load() {
    const { gl, scene, bones } = this;
    for (const [person, { bodies }] of scene.persons.entries()) {
      for (let body = 0; body < bodies; body++) {
        const own = bones.filter((bone) => bone.person === person && bone.body === body);
        if (own.length) this.blocks.push({ person, body, rows: new Float32Array(12), ...this.upload(bakeBody(scene, own)) });
      }
    }
    this.loadFloor();
  }

  loadFloor() {
    const { gl } = this;
    const table = (numbers, width) => {
      const mesh = gl.createVertexArray();
      gl.bindVertexArray(mesh);
      gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
      gl.bufferData(gl.ARRAY_BUFFER, new Float32Array(numbers), gl.STATIC_DRAW);
      gl.vertexAttribPointer(0, width, gl.FLOAT, false, 0, 0);
      gl.enableVertexAttribArray(0);
      return { mesh, count: numbers.length / width };
    };
    this.plane = table([-1, -1, 1, -1, -1, 1, 1, 1], 2);
    this.grid = table(gridLines(), 3);
  }

  upload({ bytes, triangles, ranges, middle, size }) {
    const { gl } = this;
    const mesh = gl.createVertexArray();
    gl.bindVertexArray(mesh);
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ARRAY_BUFFER, bytes, gl.STATIC_DRAW);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, triangles, gl.STATIC_DRAW);
    gl.vertexAttribPointer(0, 3, gl.SHORT, true, VERTEX_BYTES, 0);
    gl.vertexAttribIPointer(1, 1, gl.UNSIGNED_SHORT, VERTEX_BYTES, 6);
    gl.vertexAttribPointer(2, 3, gl.BYTE, true, VERTEX_BYTES, 8);
    gl.vertexAttribPointer(3, 1, gl.BYTE, true, VERTEX_BYTES, 11);
    for (let i = 0; i < 4; i++) gl.enableVertexAttribArray(i);
    return { mesh, ranges, shown: ranges, middle, size };
  }

  /** Put every body where it is in a frame, without the bones whose numbers are in `hidden`. */
  pose(frame, hidden, chosen) {
    this.chosen = chosen;
    for (const block of this.blocks) {
      const person = this.scene.persons[block.person];
      const seen = !person.seen || person.seen[frame * person.bodies + block.body];
      block.shown = person.shown[frame] && seen ? joined(block.ranges.filter(({ number }) => !hidden.has(number))) : [];
      if (block.shown.length) placeRows(...bodyPose(person, frame, block.body), block.size, block.middle, block.rows);
    }
    this.shadowIsOld = true;
    this.nextSquare = shadowSquare(this.scene.persons, frame);
  }

  /** Draw a picture: `view` is projection · camera, `eye` where it stands, `focus` the middle of the floor.
   *
   * In a hurry the shadow is drawn anew every third time only, which nobody sees while it moves. */
  draw(view, eye, focus, key, hurried = false) {
    const { gl, canvas } = this;
    this.drawings += 1;
    if (this.shadowIsOld && this.look.floor && !(hurried && this.drawings % SHADOWS_IN_A_HURRY)) this.drawShadow();
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    if (this.look.floor && eye[1] > 0) this.drawFloor(view, focus);
    const use = this.use("bone", view);
    gl.uniform3fv(use("eye"), eye);
    gl.uniform3fv(use("key"), key);
    gl.uniform1i(use("chosen"), this.chosen);
    gl.uniform3fv(use("accent"), [1.0, 0.62, 0.18]);
    gl.enable(gl.DEPTH_TEST);
    gl.enable(gl.CULL_FACE);
    gl.disable(gl.BLEND);
    this.drawBones(use, true);
    gl.disable(gl.CULL_FACE);
  }

  drawBones(use, tinted = false) {
    const { gl } = this;
    for (const block of this.blocks) {
      if (!block.shown.length) continue;
      gl.bindVertexArray(block.mesh);
      gl.uniform4fv(use("rows"), block.rows);
      if (tinted) gl.uniform3fv(use("tint"), TINTS[block.person % TINTS.length]);
      for (const { start, count } of block.shown) gl.drawElements(gl.TRIANGLES, count, gl.UNSIGNED_SHORT, 2 * start);
    }
  }

  drawShadow() {
    const { gl } = this;
    this.square = this.nextSquare;
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.shadow.frame);
    gl.viewport(0, 0, this.soft.size, this.soft.size);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    const use = this.use("shadow");
    gl.uniform3fv(use("square"), this.square);
    gl.disable(gl.DEPTH_TEST);
    gl.enable(gl.BLEND);
    gl.blendEquation(gl.MAX);
    this.drawBones(use);
    gl.blendEquation(gl.FUNC_ADD);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.bindTexture(gl.TEXTURE_2D, this.shadow.texture);
    gl.generateMipmap(gl.TEXTURE_2D);
    this.shadowIsOld = false;
  }

  drawFloor(view, focus) {
    const { gl, look } = this;
    gl.disable(gl.DEPTH_TEST);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    const shade = this.use("shade", view);
    gl.bindTexture(gl.TEXTURE_2D, this.shadow.texture);
    gl.uniform1i(shade("shadow"), 0);
    gl.uniform3fv(shade("square"), this.square);
    gl.uniform1f(shade("blur"), this.soft.blur);
    gl.uniform1f(shade("strength"), look.dark ? 0.85 : 0.55);
    gl.bindVertexArray(this.plane.mesh);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, this.plane.count);
    if (!look.grid) return;
    const grid = this.use("grid", view);
    gl.uniform2f(grid("middle"), focus[0], focus[2]);
    gl.uniform1f(grid("reach"), GRID_REACH);
    gl.uniform4fv(grid("ink"), look.dark ? [0.21, 0.23, 0.26, 0.34] : [0.12, 0.13, 0.15, 0.36]);
    gl.bindVertexArray(this.grid.mesh);
    gl.drawArrays(gl.LINES, 0, this.grid.count);
  }

  /** Number of the bone under a pixel, counted from the upper left, or -1. */
  pick(view, x, y) {
    const { gl, canvas } = this;
    const { width, height } = canvas;
    const zoom = new Float32Array(16);
    zoom[0] = width;
    zoom[5] = height;
    zoom[10] = zoom[15] = 1;
    zoom[12] = width - 2 * (x + 0.5);
    zoom[13] = 2 * (y + 0.5) - height;
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.picked.frame);
    gl.viewport(0, 0, 1, 1);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.enable(gl.DEPTH_TEST);
    gl.disable(gl.BLEND);
    this.drawBones(this.use("pick", multiply(zoom, view)));
    const pixel = new Uint8Array(4);
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    return pixel[0] + 256 * pixel[1] - 1;
  }

  use(name, view) {
    const { gl } = this;
    const { handle, places } = this.programs[name];
    gl.useProgram(handle);
    const place = (uniform) => (places[uniform] ??= gl.getUniformLocation(handle, uniform));
    if (view) gl.uniformMatrix4fv(place("view"), false, view);
    return place;
  }
}

/** Ranges of triangles, with those that follow each other made one. */
function joined(ranges) {
  const found = [];
  for (const { start, count } of ranges) {
    const before = found[found.length - 1];
    if (before && before.start + before.count === start) before.count += count;
    else found.push({ start, count });
  }
  return found;
}

/** Whether pictures are drawn by the processor: then smooth edges cost too much. */
function isSoftware() {
  const gl = document.createElement("canvas").getContext("webgl2");
  const told = gl?.getExtension("WEBGL_debug_renderer_info");
  const name = told ? gl.getParameter(told.UNMASKED_RENDERER_WEBGL) : "";
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
  return /swiftshader|llvmpipe|software|basic render/i.test(name);
}

/** Middle and half side of the part of the floor that the persons' shadows fall on. */
function shadowSquare(persons, frame) {
  const low = [Infinity, Infinity], high = [-Infinity, -Infinity];
  for (const person of persons) {
    if (!person.shown[frame]) continue;
    const p = bodyPose(person, frame, person.root)[1];
    low[0] = Math.min(low[0], p[0] - 0.3); high[0] = Math.max(high[0], p[0] - 0.3);
    low[1] = Math.min(low[1], p[2] - 0.2); high[1] = Math.max(high[1], p[2] - 0.2);
  }
  if (low[0] > high[0]) return [0, 0, 1.6];
  const half = Math.max(high[0] - low[0], high[1] - low[1]) / 2 + 1.4;
  return [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, half];
}

function program(gl, vertex, fragment) {
  const handle = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(handle, shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader));
  }
  gl.linkProgram(handle);
  if (!gl.getProgramParameter(handle, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(handle));
  return { handle, places: {} };
}

/** Ends of the floor's lines, one every half metre in pieces of a metre, as they fade: x, z and strength. */
function gridLines() {
  const lines = [], n = GRID_REACH + 1;
  for (let k = -2 * n; k <= 2 * n; k++) {
    const strength = k % 2 ? 0.4 : 1;
    for (let i = -n; i < n; i++) {
      lines.push(k / 2, i, strength, k / 2, i + 1, strength, i, k / 2, strength, i + 1, k / 2, strength);
    }
  }
  return lines;
}

function texture(gl, filter) {
  const made = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, made);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, filter);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, filter === gl.NEAREST ? gl.NEAREST : gl.LINEAR);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
  return made;
}

/** A square picture to draw into. */
function target(gl, size, inside, format, smooth) {
  const made = texture(gl, smooth ? gl.LINEAR_MIPMAP_LINEAR : gl.NEAREST);
  gl.texImage2D(gl.TEXTURE_2D, 0, inside, size, size, 0, format, gl.UNSIGNED_BYTE, null);
  const frame = gl.createFramebuffer();
  gl.bindFramebuffer(gl.FRAMEBUFFER, frame);
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, made, 0);
  if (!smooth) {
    const depth = gl.createRenderbuffer();
    gl.bindRenderbuffer(gl.RENDERBUFFER, depth);
    gl.renderbufferStorage(gl.RENDERBUFFER, gl.DEPTH_COMPONENT16, size, size);
    gl.framebufferRenderbuffer(gl.FRAMEBUFFER, gl.DEPTH_ATTACHMENT, gl.RENDERBUFFER, depth);
  }
  gl.bindFramebuffer(gl.FRAMEBUFFER, null);
  return { frame, texture: made };
}
