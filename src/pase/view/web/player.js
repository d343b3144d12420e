import { clamp } from "./math.js";

/** Which frame is shown; the film, where there is one, keeps the time while it runs. */
export class Player {
  constructor(time, film) {
    this.time = time;
    this.film = film;
    this.frame = 0;
    this.playing = false;
    this.speed = 1;
    this.heard = [];
    this.clock = 0;
    this.wanted = null;
    if (film) {
      film.addEventListener("seeked", () => this.seekOn());
      film.addEventListener("ended", () => this.playing && this.restart());
    }
  }

  get last() { return this.time.length - 1; }
  /** Length of the last frame, for players of single frames. */
  get step() { return this.last > 0 ? (this.time[this.last] - this.time[0]) / this.last : 0.04; }

  /** Call `hear` whenever the frame, or whether it plays, changes. */
  onChange(hear) { this.heard.push(hear); }

  tell() { this.heard.forEach((hear) => hear(this.frame)); }

  show(frame, seek = true) {
    const next = clamp(Math.round(frame), 0, this.last);
    if (seek) {
      this.clock = this.time[next];
      this.seekFilm(this.time[next] + 0.3 * this.step);
    }
    if (next === this.frame) return;
    this.frame = next;
    this.tell();
  }

  /** Only one jump of the film is under way at a time; the last one wanted follows. */
  seekFilm(seconds) {
    if (!this.film) return;
    if (this.film.seeking) { this.wanted = seconds; return; }
    this.film.currentTime = seconds;
  }

  seekOn() {
    if (this.wanted === null) return;
    this.film.currentTime = this.wanted;
    this.wanted = null;
  }

  stepBy(count) {
    this.pause();
    this.show(this.frame + count);
  }

  toggle() { return this.playing ? this.pause() : this.play(); }

  play() {
    if (this.last === 0 || this.playing) return;
    if (this.frame >= this.last) this.show(0);
    this.playing = true;
    this.before = performance.now();
    this.clock = this.time[this.frame];
    if (this.film) {
      this.film.playbackRate = this.speed;
      this.film.play().catch(() => this.pause());
    }
    this.tell();
  }

  pause() {
    if (!this.playing) return;
    this.playing = false;
    if (this.film) {
      this.film.pause();
      this.seekFilm(this.time[this.frame] + 0.3 * this.step);
    }
    this.tell();
  }

  restart() {
    this.show(0);
    this.film?.play().catch(() => this.pause());
  }

  setSpeed(speed) {
    this.speed = speed;
    if (this.film) this.film.playbackRate = speed;
  }

  /** Go on to the present moment; called once a picture. */
  tick(now) {
    if (!this.playing) return;
    if (this.film) {
      if (this.film.seeking) return;
      this.clock = this.film.currentTime;
    } else {
      this.clock += ((now - this.before) / 1000) * this.speed;
      this.before = now;
      if (this.clock > this.time[this.last] + this.step) { this.clock = this.time[0]; }
    }
    this.show(this.frameAt(this.clock), false);
  }

  /** The last frame that began before a time. */
  frameAt(seconds) {
    const { time } = this;
    let low = 0, high = this.last;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (time[middle] <= seconds + 1e-4) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
