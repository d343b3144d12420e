import { cross, dot, unit } from "./math.js";

export const VERTEX_BYTES = 12;
const FINEST = 32767;

/** All bones of one body of one person in one block of vertices, in the person's size.
 *
 * Returns the block, its triangles, where each bone's triangles begin, and the size that the largest whole
 * number stands for, in metres, with the middle of the block. */
export function bakeBody(scene, bones) {
  const parts = bones.map((bone) => surfaceOf(scene, bone));
  const count = parts.reduce((sum, part) => sum + part.places.length / 3, 0);
  const { middle, size } = box(parts);
  const bytes = new ArrayBuffer(count * VERTEX_BYTES);
  const words = new Int16Array(bytes), small = new Int8Array(bytes);
  const triangles = [], ranges = [];
  let vertex = 0;
  parts.forEach((part, i) => {
    ranges.push({ number: bones[i].number, start: triangles.length, count: part.triangles.length });
    for (const corner of part.triangles) triangles.push(corner + vertex);
    for (let v = 0; v < part.places.length / 3; v++, vertex++) {
      for (let k = 0; k < 3; k++) {
        words[6 * vertex + k] = Math.round(((part.places[3 * v + k] - middle[k]) / size) * FINEST);
        small[12 * vertex + 8 + k] = Math.round(127 * part.normals[3 * v + k]);
      }
      words[6 * vertex + 3] = bones[i].number;
      small[12 * vertex + 11] = part.hollow[v];
    }
  });
  return { bytes, triangles: new Uint16Array(triangles), ranges, middle, size };
}

/** A bone's surface in the axes of its body. */
function surfaceOf(scene, bone) {
  const start = bone.surface ? scene.ends[bone.surface - 1] : 0;
  const corners = scene.indices.subarray(start, scene.ends[bone.surface]);
  let low = Infinity, high = -1;
  for (const corner of corners) { low = Math.min(low, corner); high = Math.max(high, corner); }
  const words = new Int16Array(scene.vertices.buffer, scene.vertices.byteOffset);
  const small = new Int8Array(scene.vertices.buffer, scene.vertices.byteOffset);
  const a = bone.affine, columns = [a.slice(0, 3), a.slice(3, 6), a.slice(6, 9)];
  const upright = [cross(columns[1], columns[2]), cross(columns[2], columns[0]), cross(columns[0], columns[1])];
  const side = Math.sign(dot(columns[0], upright[0]));
  const places = [], normals = [], hollow = [];
  for (let v = low; v <= high; v++) {
    const p = [0, 1, 2].map((k) => words[6 * v + k] / FINEST), n = [0, 1, 2].map((k) => small[12 * v + 8 + k]);
    for (let k = 0; k < 3; k++) places.push(a[k] * p[0] + a[3 + k] * p[1] + a[6 + k] * p[2] + a[9 + k]);
    normals.push(...unit([0, 1, 2].map((k) => side * (upright[0][k] * n[0] + upright[1][k] * n[1] + upright[2][k] * n[2]))));
    hollow.push(small[12 * v + 11]);
  }
  const triangles = [...corners].map((corner) => corner - low);
  return { places, normals, hollow, triangles: side < 0 ? triangles.reverse() : triangles };
}

function box(parts) {
  const low = [Infinity, Infinity, Infinity], high = [-Infinity, -Infinity, -Infinity];
  for (const { places } of parts) {
    places.forEach((x, i) => { low[i % 3] = Math.min(low[i % 3], x); high[i % 3] = Math.max(high[i % 3], x); });
  }
  return { middle: low.map((x, k) => (x + high[k]) / 2), size: Math.max(1e-6, ...low.map((x, k) => (high[k] - x) / 2)) };
}
