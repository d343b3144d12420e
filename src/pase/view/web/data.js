const KINDS = { u1: Uint8Array, i2: Int16Array, u4: Uint32Array, f4: Float32Array, f8: Float64Array };

const text = (id) => document.getElementById(id).textContent.trim();

async function bytes(id) {
  const answer = await fetch(`data:application/octet-stream;base64,${text(id)}`);
  return answer.arrayBuffer();
}

async function unzipped(buffer) {
  const stream = new Blob([buffer]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

/** What the page shows: the scene with its arrays in place of their addresses. */
export async function readScene() {
  const scene = JSON.parse(text("scene"));
  const block = await unzipped(await bytes("blob"));
  const array = ({ at, length, type }) => new KINDS[type](block, at, length);
  scene.time = array(scene.time);
  scene.vertices = array(scene.vertices);
  scene.indices = array(scene.indices);
  if (scene.camera?.path) scene.camera.path = array(scene.camera.path);
  for (const person of scene.persons) {
    for (const name of ["shown", "turns", "places", "seen"]) person[name] = person[name] && array(person[name]);
    for (const name of ["values", "spread"]) person.angles[name] = array(person.angles[name]);
  }
  return scene;
}

/** The camera as it was in a frame; a row of its path is focal length, rotation, translation. */
export function cameraAt(camera, frame) {
  if (!camera?.path) return camera;
  const row = camera.path.subarray(13 * frame, 13 * frame + 13);
  return { ...camera, focal: row[0], rotation: row.subarray(1, 10), translation: row.subarray(10, 13) };
}

/** Address of the footage inside the page; nothing where there is none. */
export async function filmAddress(mime) {
  if (!mime) return null;
  return URL.createObjectURL(new Blob([await bytes("film-data")], { type: mime }));
}

/** Where a body is in a frame: quaternion and place; of persons side by side, each in their own place. */
export function bodyPose(person, frame, body) {
  const k = frame * person.bodies + body;
  const q = person.turns.subarray(4 * k, 4 * k + 4);
  const norm = Math.hypot(q[0], q[1], q[2], q[3]) || 1;
  const place = person.places.subarray(3 * k, 3 * k + 3), { beside } = person;
  const moved = beside && !person.over ? [place[0] + beside[0], place[1], place[2] + beside[2]] : place;
  return [[q[0] / norm, q[1] / norm, q[2] / norm, q[3] / norm], moved];
}
