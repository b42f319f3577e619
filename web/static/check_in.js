// The check-in page: look, press, and the verdict comes by itself.

import { closeCamera, openCamera, takePhoto, watchLight } from "./camera.js";
import { element, inBrowser, Obstacles, persist, post, Refused, say, upload, Work } from "./page.js";
import { inWords, PositionWatch } from "./position.js";

/** @typedef {import("./page.js").UploadTarget} UploadTarget */
/** @typedef {{nonce: string, serverTime: string, uploads: UploadTarget[], receivedAt: number}} Start */

const DEVICE = "hadir.device";
const UPLOAD_TRIES = 6;
const SUBMIT_TRIES = 40;

const stage = element("stage");
/** Under this name lies a submission of this person's that has no answer yet: sent again, after a reload too, it
 * is the same submission, by its idempotency key. */
const PENDING = `hadir.pending.${stage.dataset.who}`;
const obstacles = new Obstacles(element("obstacles"));
const hint = element("hint");
const sending = element("sending");
const shutter = /** @type {HTMLButtonElement} */ (element("shutter"));
const progress = /** @type {HTMLProgressElement} */ (element("progress"));
const video = /** @type {HTMLVideoElement} */ (element("camera"));
const line = element("position");
const ready = { camera: false, position: false };
const work = new Work(element("refusal"), refresh);
const position = new PositionWatch(positionFound, positionMissed);

function refresh() {
  shutter.disabled = !(ready.camera && ready.position) || work.busy;
  shutter.hidden = work.busy;
  sending.hidden = !work.busy;
}

/** @param {number} accuracy metres */
function positionFound(accuracy) {
  ready.position = true;
  for (const name of ["position-denied", "position-missing"]) obstacles.set(name, false);
  line.hidden = false;
  say(line, inWords(accuracy));
  const metres = `(± ${Math.round(accuracy).toLocaleString(document.documentElement.lang)} m)`;
  for (const place of line.querySelectorAll("[data-accuracy]")) place.textContent = metres;
  refresh();
}

/** @param {string} obstacle */
function positionMissed(obstacle) {
  line.hidden = true;
  obstacles.set(obstacle, true);
}

/** A number of this browser's own, so that one phone with two accounts can be told. @returns {string} */
function deviceId() {
  const known = inBrowser.get(DEVICE) ?? crypto.randomUUID();
  inBrowser.put(DEVICE, known);
  return known;
}

/** @param {string} step @param {number} percent */
function step(step, percent) {
  say(sending, step);
  progress.value = percent;
}

const weak = () => say(sending, "retry");

/** @returns {Promise<Start>} */
async function begin() {
  const start = await persist(() => post("/check-in/start", { kind: stage.dataset.kind }), UPLOAD_TRIES, weak);
  return { ...start, receivedAt: performance.now() };
}

/** @param {Start} start */
function submission(start) {
  const serverNow = Date.parse(start.serverTime) + (performance.now() - start.receivedAt);
  return {
    nonce: start.nonce,
    frames: start.uploads.map((target) => target.key),
    fixes: position.fixes(serverNow),
    idempotencyKey: crypto.randomUUID(),
    deviceId: deviceId(),
    deviceKind: matchMedia("(pointer: coarse)").matches ? "PHONE" : "DESKTOP",
    deviceTime: new Date().toISOString(),
  };
}

/** Hands in until there is an answer. What the server has once accepted comes back as the same record; it is
 * forgotten here only when the address is the record's own, so that a reload at any moment leads to it.
 * @param {string} body JSON */
async function deliver(body) {
  try {
    const answer = await persist(() => post("/check-in/submit", JSON.parse(body)), SUBMIT_TRIES, weak);
    history.replaceState(null, "", answer.href);
    inBrowser.drop(PENDING);
    await showVerdict(answer);
  } catch (error) {
    if (error instanceof Refused && !error.stale) inBrowser.drop(PENDING);
    throw error;
  }
}

/** @param {{html: string}} answer */
async function showVerdict(answer) {
  closeCamera(video);
  position.stop();
  await htmx.swap({ text: answer.html, target: stage, swap: "innerHTML", sourceElement: stage });
  element("after").hidden = false;
  stage.focus();
}

/** Hands in first what is still without an answer: it may well have been accepted. */
async function checkIn() {
  const pending = inBrowser.get(PENDING);
  if (pending) return resume(pending);
  step("photo", 2);
  const [photo, start] = await Promise.all([takePhoto(video), begin()]);
  step("upload", 5);
  await persist(() => upload(start.uploads[0], photo, (percent) => step("upload", 5 + percent * 0.85)), UPLOAD_TRIES, weak);
  step("submit", 93);
  const body = JSON.stringify(submission(start));
  inBrowser.put(PENDING, body);
  await deliver(body);
}

/** @param {string} body JSON */
function resume(body) {
  step("resume", 90);
  return deliver(body);
}

async function startCamera() {
  const obstacle = await openCamera(video);
  if (obstacle) {
    say(hint, null);
    return obstacles.set(obstacle, true);
  }
  ready.camera = true;
  watchLight(video, hint);
  refresh();
}

async function main() {
  shutter.addEventListener("click", () => work.run(checkIn));
  const pending = inBrowser.get(PENDING);
  if (pending) await work.run(() => resume(pending));
  if (!shutter.isConnected) return;
  position.start();
  await startCamera();
}

main();
