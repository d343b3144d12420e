import { add, clamp, cross, lookAt, multiply, pinhole, subtract, times, unit } from "./math.js";

const FIELD_OF_VIEW = 0.6;
const NEAR = 0.05, FAR = 120;
/** Metres from which one may look. */
const FARTHEST = 60;

/** Metres above or below the pelvis where one may look while following: who jumps off a wall stays in the picture. */
const HIGHEST = 0.45;

/** The camera: it circles the person, or stands where the film was made. */
export class Orbit {
  constructor(canvas, changed) {
    this.canvas = canvas;
    this.changed = changed;
    this.home = { target: [0, 0.9, 0], yaw: 0.7, pitch: 0.16, distance: 4 };
    this.fromFilm = null;
    this.left = () => {};
    this.tapped = () => {};
    this.homed = () => {};
    this.fingers = new Map();
    this.reset();
    this.listen();
  }

  reset() {
    Object.assign(this, this.home, { target: [...this.home.target] });
    this.fromFilm = null;
    this.changed();
  }

  /** Move with the person: `place` is where the pelvis is. */
  follow(place, share = 1) {
    this.target[0] += share * (place[0] - this.target[0]);
    this.target[2] += share * (place[2] - this.target[2]);
    this.target[1] += share * (nearHeight(this.target[1], place[1]) - this.target[1]);
  }

  /** Matrix to draw with, where the eye is, and where the light comes from, for a picture of some size. */
  view(width, height, box) {
    const eyes = this.fromFilm ? this.filmEyes(width, height, box) : this.orbitEyes(width, height);
    const r = eyes.camera;
    const right = [r[0], r[4], r[8]], above = [r[1], r[5], r[9]], back = [r[2], r[6], r[10]];
    const key = unit(add(add(times(right, -0.45), times(above, 0.6)), times(back, 0.75)));
    return { matrix: multiply(eyes.projection, r), eye: eyes.eye, key };
  }

  orbitEyes(width, height) {
    const eye = add(this.target, times(this.outwards(), this.distance));
    const narrow = Math.min(1, (1.25 * width) / height);
    const focal = (0.5 * height * narrow) / Math.tan(FIELD_OF_VIEW / 2);
    const projection = pinhole(focal, [width / 2, height / 2], width, height, NEAR, FAR);
    return { camera: lookAt(eye, this.target, [0, 1, 0]), eye, projection };
  }

  /** `box` is where the film is shown: left, top and zoom, in pixels of the picture. */
  filmEyes(width, height, box) {
    const { focal, center, rotation: r, translation: t } = this.fromFilm;
    const camera = new Float32Array([
      r[0], -r[3], -r[6], 0, r[1], -r[4], -r[7], 0, r[2], -r[5], -r[8], 0, t[0], -t[1], -t[2], 1,
    ]);
    const middle = [box.left + (center[0] + 0.5) * box.zoom, box.top + (center[1] + 0.5) * box.zoom];
    const projection = pinhole(focal * box.zoom, middle, width, height, NEAR, FAR);
    return { camera, eye: filmPlace(this.fromFilm), projection };
  }

  outwards() {
    const level = Math.cos(this.pitch);
    return [level * Math.cos(this.yaw), Math.sin(this.pitch), level * Math.sin(this.yaw)];
  }

  /** Leave the film's place for a circle that starts there. */
  leaveFilm() {
    const eye = filmPlace(this.fromFilm);
    const away = subtract(eye, this.target);
    this.distance = clamp(Math.hypot(...away), 0.4, FARTHEST);
    this.yaw = Math.atan2(away[2], away[0]);
    this.pitch = clamp(Math.asin(away[1] / this.distance), -0.3, 1.5);
    this.fromFilm = null;
    this.left();
  }

  turn(dx, dy) {
    if (this.fromFilm) this.leaveFilm();
    this.yaw += dx;
    this.pitch = clamp(this.pitch + dy, -0.4, 1.55);
    this.changed();
  }

  zoom(factor) {
    if (this.fromFilm) this.leaveFilm();
    this.distance = clamp(this.distance * factor, 0.25, FARTHEST);
    this.changed();
  }

  slide(dx, dy) {
    if (this.fromFilm) this.leaveFilm();
    const back = this.outwards();
    const right = unit(cross([0, 1, 0], back)), above = cross(back, right);
    const size = (this.distance * Math.tan(FIELD_OF_VIEW / 2) * 2) / this.canvas.clientHeight;
    this.target = add(this.target, add(times(right, -dx * size), times(above, dy * size)));
    this.changed();
  }

  listen() {
    const { canvas, fingers } = this;
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      this.moved = fingers.size > 1 ? 99 : 0;
    });
    canvas.addEventListener("pointermove", (event) => this.drag(event));
    const end = (event) => {
      if (fingers.delete(event.pointerId) && this.moved < 5 && event.type === "pointerup") {
        this.tapped(event.offsetX, event.offsetY);
      }
    };
    canvas.addEventListener("pointerup", end);
    canvas.addEventListener("pointercancel", end);
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("dblclick", () => this.homed());
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(Math.exp(clamp(event.deltaY, -60, 60) * 0.0022));
    }, { passive: false });
  }

  drag(event) {
    const finger = this.fingers.get(event.pointerId);
    if (!finger) return;
    const dx = event.clientX - finger.x, dy = event.clientY - finger.y;
    const before = this.spread();
    Object.assign(finger, { x: event.clientX, y: event.clientY });
    this.moved += Math.hypot(dx, dy);
    if (this.moved < 5) return;
    if (this.fingers.size === 2) {
      this.zoom(before / this.spread());
      this.slide(dx / 2, dy / 2);
    } else if (event.buttons & 2 || event.shiftKey) {
      this.slide(dx, dy);
    } else {
      this.turn(dx * 0.008, dy * 0.006);
    }
  }

  spread() {
    const [a, b] = [...this.fingers.values()];
    return b ? Math.max(10, Math.hypot(a.x - b.x, a.y - b.y)) : 1;
  }
}

/** Where a camera x_camera = rotation · X + translation stands in the world. */
function filmPlace({ rotation: r, translation: t }) {
  return [0, 1, 2].map((i) => -(r[i] * t[0] + r[3 + i] * t[1] + r[6 + i] * t[2]));
}

/** The height nearest to one at which a pelvis of another height is in the picture. */
export function nearHeight(height, pelvis) {
  return clamp(height, pelvis - HIGHEST, pelvis + HIGHEST);
}
