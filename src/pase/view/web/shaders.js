const PLACE = `#version 300 es
precision highp float;
layout(location=0) in vec3 place;
layout(location=1) in uint bone;
layout(location=2) in vec3 normal;
layout(location=3) in float hollow;
uniform vec4 rows[3];
uniform mat4 view;
vec3 put(vec4 p) { return vec3(dot(rows[0], p), dot(rows[1], p), dot(rows[2], p)); }
`;

export const BONE_VERTEX = `${PLACE}
uniform int chosen;
out vec3 at;
out vec3 towards;
out float groove;
out float lifted;
void main() {
  at = put(vec4(place, 1.0));
  towards = put(vec4(normal, 0.0));
  groove = hollow;
  lifted = int(bone) == chosen ? 0.75 : 0.0;
  gl_Position = view * vec4(at, 1.0);
}`;

export const BONE_FRAGMENT = `#version 300 es
precision mediump float;
in highp vec3 at;
in vec3 towards;
in float groove;
in float lifted;
uniform highp vec3 eye;
uniform vec3 key;
uniform vec3 tint;
uniform vec3 accent;
out vec4 color;
void main() {
  vec3 n = normalize(towards), v = normalize(eye - at);
  float soft = dot(n, key) * 0.5 + 0.5;
  float light = 0.2 + 0.78 * soft * soft + 0.2 * (0.5 + 0.5 * n.y);
  float edge = 1.0 - max(dot(n, v), 0.0), rim = edge * edge * edge;
  float shine = max(dot(n, normalize(v + key)), 0.0);
  shine *= shine; shine *= shine; shine *= shine; shine *= shine * shine;
  float dark = clamp(groove, -1.0, 1.0);
  vec3 bone = tint * mix(vec3(1.0), vec3(0.62, 0.5, 0.38), max(dark, 0.0));
  vec3 lit = bone * light * (1.0 - 0.5 * max(dark, 0.0) + 0.16 * max(-dark, 0.0));
  lit += 0.1 * shine + rim * vec3(0.09, 0.1, 0.12);
  lit = mix(lit, accent * (0.35 + 0.75 * light), lifted);
  color = vec4(lit, 1.0);
}`;

export const SHADOW_VERTEX = `${PLACE}
uniform vec3 square;
out float height;
void main() {
  vec3 world = put(vec4(place, 1.0));
  height = max(world.y, 0.0);
  vec2 floorAt = world.xz - vec2(0.28, 0.2) * height;
  vec2 inside = (floorAt - square.xy) / square.z;
  gl_Position = vec4(inside, 0.0, 1.0);
}`;

export const SHADOW_FRAGMENT = `#version 300 es
precision mediump float;
in float height;
out vec4 color;
void main() { color = vec4(exp(-0.8 * height)); }`;

export const PICK_VERTEX = `${PLACE}
flat out float number;
void main() {
  number = float(bone) + 1.0;
  gl_Position = view * vec4(put(vec4(place, 1.0)), 1.0);
}`;

export const PICK_FRAGMENT = `#version 300 es
precision highp float;
flat in float number;
out vec4 color;
void main() { color = vec4(mod(number, 256.0), floor(number / 256.0), 255.0, 255.0) / 255.0; }`;

export const SHADE_VERTEX = `#version 300 es
precision highp float;
layout(location=0) in vec2 corner;
uniform mat4 view;
uniform vec3 square;
out vec2 at;
void main() {
  vec2 place = square.xy + corner * square.z;
  at = corner * 0.5 + 0.5;
  gl_Position = view * vec4(place.x, 0.0, place.y, 1.0);
}`;

export const SHADE_FRAGMENT = `#version 300 es
precision mediump float;
in highp vec2 at;
uniform float strength;
uniform float blur;
uniform sampler2D shadow;
out vec4 color;
void main() { color = vec4(0.0, 0.0, 0.0, strength * textureLod(shadow, at, blur).r); }`;

export const GRID_VERTEX = `#version 300 es
precision highp float;
layout(location=0) in vec3 corner;
uniform mat4 view;
uniform vec2 middle;
uniform float reach;
out float near;
void main() {
  vec2 place = corner.xy + floor(middle + 0.5);
  near = corner.z * (1.0 - smoothstep(0.3, 1.0, distance(place, middle) / reach));
  gl_Position = view * vec4(place.x, 0.0, place.y, 1.0);
}`;

export const GRID_FRAGMENT = `#version 300 es
precision mediump float;
in float near;
uniform vec4 ink;
out vec4 color;
void main() { color = ink * near; }`;
