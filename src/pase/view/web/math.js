// Vectors are arrays of 3; matrices are column-major Float32Array(16), as WebGL wants them.

export const clamp = (x, low, high) => Math.min(high, Math.max(low, x));
export const add = (a, b) => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
export const subtract = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
export const times = (a, s) => [a[0] * s, a[1] * s, a[2] * s];
export const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
export const length = (a) => Math.hypot(a[0], a[1], a[2]);
export const unit = (a) => times(a, 1 / (length(a) || 1));

/** Product of two matrices. */
export function multiply(a, b) {
  const out = new Float32Array(16);
  for (let column = 0; column < 4; column++) {
    for (let row = 0; row < 4; row++) {
      let sum = 0;
      for (let k = 0; k < 4; k++) sum += a[4 * k + row] * b[4 * column + k];
      out[4 * column + row] = sum;
    }
  }
  return out;
}

/** View of a camera at `eye` that looks at `target`. */
export function lookAt(eye, target, up) {
  const back = unit(subtract(eye, target));
  const right = unit(cross(up, back));
  const above = cross(back, right);
  return new Float32Array([
    right[0], above[0], back[0], 0,
    right[1], above[1], back[1], 0,
    right[2], above[2], back[2], 0,
    -dot(right, eye), -dot(above, eye), -dot(back, eye), 1,
  ]);
}

/** Projection of a pinhole with its focal length and centre in pixels of a picture of `width` × `height`. */
export function pinhole(focal, center, width, height, near, far) {
  const out = new Float32Array(16);
  out[0] = (2 * focal) / width;
  out[5] = (2 * focal) / height;
  out[8] = 1 - (2 * center[0]) / width;
  out[9] = (2 * center[1]) / height - 1;
  out[10] = (near + far) / (near - far);
  out[11] = -1;
  out[14] = (2 * near * far) / (near - far);
  return out;
}

/** Where a point is seen, from 0 to 1 across and down the picture, and how far before the eye it is. */
export function onPage(view, [x, y, z]) {
  const [a, b, depth] = [0, 1, 3].map((row) => view[row] * x + view[4 + row] * y + view[8 + row] * z + view[12 + row]);
  return [(1 + a / depth) / 2, (1 - b / depth) / 2, depth];
}

/** Rows of the 3 × 4 matrix that stretches by `size`, moves by `middle`, turns by quaternion `q` (x, y, z, w) and
 * moves to `p`, written into `out`. */
export function placeRows(q, p, size, middle, out) {
  const [x, y, z, w] = q;
  const rotation = [
    1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w),
    2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w),
    2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y),
  ];
  for (let row = 0; row < 3; row++) {
    const r = rotation.slice(3 * row, 3 * row + 3);
    out.set([r[0] * size, r[1] * size, r[2] * size, dot(r, middle) + p[row]], 4 * row);
  }
}
