// The check-in page: look, press, and the verdict comes by itself.

import { closeCamera, openCamera, takePhoto, watchLight } from "./camera.js";
import { element, inBrowser, Obstacles, persist, post, Refused, say, upload, Work } from "./page.js";
import { inWords, PositionWatch } from "./position.js";

/** @typedef {import("./page.js").UploadTarget} UploadTarget */
/** @typedef {{kind: string, instruction: string}} Asked */
/** @typedef {{nonce: string, serverTime: string, challenge: Asked[], uploads: UploadTarget[], receivedAt: number}} Start */
/** @typedef {{photo: Blob, at: string | null}} Frame at: in the server's time */

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

/** Who comes from a check-in that asks for one more step has pressed the button there. */
let pressed = stage.dataset.after !== undefined;

function refresh() {
  if (pressed && ready.camera && ready.position) {
    pressed = false;
    work.run(checkIn);
    return;
  }
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
  const wish = { kind: stage.dataset.kind, deviceId: deviceId(), after: stage.dataset.after };
  const start = await persist(() => post("/check-in/start", wish), UPLOAD_TRIES, weak);
  return { ...start, receivedAt: performance.now() };
}

/** What the server's clock shows, in milliseconds. @param {Start} start */
const serverNow = (start) => Date.parse(start.serverTime) + (performance.now() - start.receivedAt);

/** The photograph, or those of the moves that are asked for. @param {Start} start @param {Blob} photo
 * @returns {Promise<Frame[]>} */
async function framesOf(start, photo) {
  if (start.challenge.length < 2) return [{ photo, at: null }];
  const { lead } = await import("./challenge.js");
  return lead(video, start.challenge, start.uploads.length, () => new Date(serverNow(start)).toISOString());
}

/** @param {Start} start @param {Frame[]} frames */
async function sendAll(start, frames) {
  const sent = frames.map(() => 0);
  const sum = () => sent.reduce((total, percent) => total + percent, 0) / sent.length;
  await Promise.all(frames.map(({ photo }, index) => {
    /** @param {number} percent */
    const told = (percent) => { sent[index] = percent; step("upload", 5 + sum() * 0.85); };
    return persist(() => upload(start.uploads[index], photo, told), UPLOAD_TRIES, weak);
  }));
}

/** @param {Start} start @param {Frame[]} frames */
function submission(start, frames) {
  return {
    nonce: start.nonce,
    frames: frames.map((_, index) => start.uploads[index].key),
    capturedAt: frames.flatMap(({ at }) => at ?? []),
    fixes: position.fixes(serverNow(start)),
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
  const frames = await framesOf(start, photo);
  step("upload", 5);
  await sendAll(start, frames);
  step("submit", 93);
  const body = JSON.stringify(submission(start, frames));
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
