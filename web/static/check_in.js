// The check-in page: look, press, and the verdict comes by itself.

import { closeCamera, openCamera, takePhoto, watchLight } from "./camera.js";
import { element, persist, post, Refused, say, show, tellRefusal, upload } from "./page.js";
import { inWords, PositionWatch } from "./position.js";

/** @typedef {import("./page.js").UploadTarget} UploadTarget */
/** @typedef {{nonce: string, serverTime: string, uploads: UploadTarget[], receivedAt: number}} Start */

/** A submission that has not been answered yet: kept so that sending it again is the same submission. */
const PENDING = "hadir.pending";
const DEVICE = "hadir.device";
const UPLOAD_TRIES = 6;
const SUBMIT_TRIES = 40;

const stage = element("stage");
const obstacles = element("obstacles");
const hint = element("hint");
const sending = element("sending");
const refusal = element("refusal");
const shutter = /** @type {HTMLButtonElement} */ (element("shutter"));
const progress = /** @type {HTMLProgressElement} */ (element("progress"));
const video = /** @type {HTMLVideoElement} */ (element("camera"));
const ready = { camera: false, position: false, busy: false };
const position = new PositionWatch(positionFound, positionMissed);

function refresh() {
  shutter.disabled = !(ready.camera && ready.position) || ready.busy;
  shutter.hidden = ready.busy;
  sending.hidden = !ready.busy;
}

/** @param {number} accuracy metres */
function positionFound(accuracy) {
  ready.position = true;
  for (const name of ["position-denied", "position-missing"]) show(obstacles, name, false);
  const line = element("position");
  say(line, inWords(accuracy));
  const metres = `(± ${Math.round(accuracy)} m)`;
  for (const place of line.querySelectorAll("[data-accuracy]")) place.textContent = metres;
  refresh();
}

/** @param {string} obstacle */
function positionMissed(obstacle) {
  show(obstacles, obstacle, true);
}

/** A number of this browser's own, so that one phone with two accounts can be told. @returns {string} */
function deviceId() {
  const known = localStorage.getItem(DEVICE) ?? crypto.randomUUID();
  localStorage.setItem(DEVICE, known);
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

/** Hands in until there is an answer. What the server has once accepted comes back as the same record.
 * @param {string} body JSON */
async function deliver(body) {
  try {
    const answer = await persist(() => post("/check-in/submit", JSON.parse(body)), SUBMIT_TRIES, weak);
    sessionStorage.removeItem(PENDING);
    await showVerdict(answer);
  } catch (error) {
    if (error instanceof Refused) sessionStorage.removeItem(PENDING);
    throw error;
  }
}

/** @param {{html: string, href: string}} answer */
async function showVerdict(answer) {
  closeCamera(video);
  position.stop();
  history.replaceState(null, "", answer.href);
  await htmx.swap({ text: answer.html, target: stage, swap: "innerHTML", sourceElement: stage });
  element("after").hidden = false;
  stage.focus();
}

/** Hands in first what is still without an answer: it may well have been accepted. */
async function checkIn() {
  const pending = sessionStorage.getItem(PENDING);
  if (pending) return resume(pending);
  step("photo", 2);
  const [photo, start] = await Promise.all([takePhoto(video), begin()]);
  step("upload", 5);
  await persist(() => upload(start.uploads[0], photo, (percent) => step("upload", 5 + percent * 0.85)), UPLOAD_TRIES, weak);
  step("submit", 93);
  const body = JSON.stringify(submission(start));
  sessionStorage.setItem(PENDING, body);
  await deliver(body);
}

/** @param {string} body JSON */
function resume(body) {
  step("resume", 90);
  return deliver(body);
}

/** Runs one piece of work with the button away and the progress shown. @param {() => Promise<void>} work */
async function busily(work) {
  if (ready.busy) return;
  ready.busy = true;
  refusal.hidden = true;
  refresh();
  try {
    await work();
  } catch (error) {
    tellRefusal(refusal, error);
  } finally {
    ready.busy = false;
    if (shutter.isConnected) refresh();
  }
}

async function startCamera() {
  const obstacle = await openCamera(video);
  if (obstacle) return show(obstacles, obstacle, true);
  ready.camera = true;
  watchLight(video, hint);
  refresh();
}

async function main() {
  for (const name of ["offline", "online"]) addEventListener(name, () => show(obstacles, "offline", !navigator.onLine));
  shutter.addEventListener("click", () => busily(checkIn));
  const pending = sessionStorage.getItem(PENDING);
  if (pending) await busily(() => resume(pending));
  if (!shutter.isConnected) return;
  position.start();
  await startCamera();
}

main();
