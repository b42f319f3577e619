// The desk: a photograph of whoever stands there is sent when the form is, and before it.

import { closeCamera, openCamera, shrunk, takePhoto } from "./camera.js";
import { element, Obstacles, persist, post, say, upload, Work } from "./page.js";

/** @typedef {import("./page.js").UploadTarget} UploadTarget */

const TRIES = 6;

const form = /** @type {HTMLFormElement} */ (element("record"));
const key = /** @type {HTMLInputElement} */ (element("photograph-key"));
const video = /** @type {HTMLVideoElement} */ (element("camera"));
const image = /** @type {HTMLImageElement} */ (element("taken"));
const file = /** @type {HTMLInputElement} */ (element("file"));
const open = element("open");
const shoot = element("shoot");
const save = /** @type {HTMLButtonElement} */ (element("save"));
const said = element("said");
const obstacles = new Obstacles(element("obstacles"));
const work = new Work(element("refusal"), () => { save.disabled = work.busy; });
/** @type {Blob | null} */
let photo = null;

/** @param {Blob} taken */
function keep(taken) {
  photo = taken;
  key.value = "";
  if (image.src) URL.revokeObjectURL(image.src);
  image.src = URL.createObjectURL(taken);
  image.hidden = false;
  stop();
  say(said, null);
}

function stop() {
  closeCamera(video);
  video.hidden = shoot.hidden = true;
  open.hidden = false;
}

async function look() {
  const obstacle = await openCamera(video, "environment");
  if (obstacle) return obstacles.set(obstacle, true);
  video.hidden = shoot.hidden = false;
  open.hidden = image.hidden = true;
  shoot.focus();
}

async function choose() {
  const chosen = file.files?.[0];
  if (!chosen) return;
  const small = await shrunk(chosen);
  if (small) keep(small);
  else say(said, "no-picture");
}

/** @param {Blob} taken */
async function send(taken) {
  const weak = () => say(said, "retry");
  say(said, "sending");
  /** @type {{upload: UploadTarget}} */
  const start = await persist(() => post(form.dataset.photograph ?? "", {}), TRIES, weak);
  await persist(() => upload(start.upload, taken, () => {}), TRIES, weak);
  key.value = start.upload.key;
  photo = null;
  say(said, "kept");
  form.submit();
}

form.addEventListener("submit", (event) => {
  if (!photo) return;
  event.preventDefault();
  const taken = photo;
  work.run(() => send(taken));
});
open.addEventListener("click", look);
shoot.addEventListener("click", async () => keep(await takePhoto(video)));
file.addEventListener("change", choose);
