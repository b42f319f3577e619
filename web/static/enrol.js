// The enrolment page: a few photographs, looked at before they are sent, and a verdict for each.

import { closeCamera, openCamera, takePhoto, watchLight } from "./camera.js";
import { element, Obstacles, persist, post, say, upload, Work } from "./page.js";

/** @typedef {import("./page.js").UploadTarget} UploadTarget */

const TRIES = 6;

const stage = element("stage");
const obstacles = new Obstacles(element("obstacles"));
const hint = element("hint");
const sending = element("sending");
const shutter = /** @type {HTMLButtonElement} */ (element("shutter"));
const send = /** @type {HTMLButtonElement} */ (element("send"));
const progress = /** @type {HTMLProgressElement} */ (element("progress"));
const video = /** @type {HTMLVideoElement} */ (element("camera"));
const places = /** @type {HTMLLIElement[]} */ ([...element("shots").children]);
/** @type {(Blob | null)[]} */
const photos = places.map(() => null);
const ready = { camera: false };
const work = new Work(element("refusal"), refresh);

function refresh() {
  const complete = photos.every((photo) => photo !== null);
  shutter.hidden = complete || work.busy;
  shutter.disabled = !ready.camera;
  send.hidden = !complete || work.busy;
  sending.hidden = !work.busy;
}

/** @param {number} index @param {Blob | null} photo */
function place(index, photo) {
  const image = /** @type {HTMLImageElement} */ (places[index].querySelector("img"));
  if (image.src) URL.revokeObjectURL(image.src);
  if (photo) image.src = URL.createObjectURL(photo);
  else image.removeAttribute("src");
  image.hidden = photo === null;
  const [empty, again] = ["span", "button"].map((name) => /** @type {HTMLElement} */ (places[index].querySelector(name)));
  empty.hidden = photo !== null;
  again.hidden = photo === null;
  photos[index] = photo;
  refresh();
}

async function shoot() {
  const index = photos.indexOf(null);
  if (index < 0) return;
  shutter.disabled = true;
  place(index, await takePhoto(video));
}

const weak = () => say(sending, "retry");

/** @param {number} percent */
function uploading(percent) {
  say(sending, "upload");
  progress.value = percent;
}

async function enrol() {
  uploading(2);
  /** @type {{uploads: UploadTarget[]}} */
  const start = await persist(() => post("/enrol/start", { photos: photos.length }), TRIES, weak);
  const share = 90 / photos.length;
  for (const [index, target] of start.uploads.entries()) {
    const photo = /** @type {Blob} */ (photos[index]);
    await persist(() => upload(target, photo, (percent) => uploading(share * (index + percent / 100))), TRIES, weak);
  }
  say(sending, "submit");
  progress.value = 95;
  const uploads = start.uploads.map((target) => target.key);
  const answer = await persist(() => post("/enrol/submit", { uploads }), TRIES, weak);
  closeCamera(video);
  await htmx.swap({ text: answer.html, target: stage, swap: "innerHTML", sourceElement: stage });
  stage.focus();
}

async function main() {
  shutter.addEventListener("click", shoot);
  send.addEventListener("click", () => work.run(enrol));
  for (const [index, item] of places.entries()) item.querySelector("button")?.addEventListener("click", () => place(index, null));
  const obstacle = await openCamera(video);
  if (obstacle) {
    say(hint, null);
    return obstacles.set(obstacle, true);
  }
  ready.camera = true;
  watchLight(video, hint);
  refresh();
}

main();
