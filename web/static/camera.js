// The front camera, and a photograph small enough for one bar of signal.

import { say } from "./page.js";

const LONGEST_SIDE = 640;
const MOST_BYTES = 80_000;
const DARK = 45;
const BRIGHT = 225;

/** Which sentence fits when the camera cannot be had. @param {unknown} error @returns {string} */
function obstacleOf(error) {
  const name = error instanceof Error ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "camera-denied";
  if (name === "NotReadableError" || name === "AbortError") return "camera-busy";
  return "camera-missing";
}

/** Starts a camera in `video`: the front one, or "environment", the one that looks away from who holds the phone.
 * Resolves with null, or with the name of what stands in the way.
 * @param {HTMLVideoElement} video @param {string} [facing] @returns {Promise<string | null>} */
export async function openCamera(video, facing = "user") {
  if (!window.isSecureContext) return "insecure";
  if (!navigator.mediaDevices?.getUserMedia) return "camera-unsupported";
  try {
    const wanted = { facingMode: facing, width: { ideal: 1280 }, height: { ideal: 960 } };
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
    await video.play();
    return null;
  } catch (error) {
    return obstacleOf(error);
  }
}

/** Switches the camera's lamp off. @param {HTMLVideoElement} video */
export function closeCamera(video) {
  const stream = /** @type {MediaStream | null} */ (video.srcObject);
  for (const track of stream?.getTracks() ?? []) track.stop();
  video.srcObject = null;
}

/** The middle of the camera's picture that the viewfinder shows: on a laptop's wide camera the rest would
 * only make the face small. @param {HTMLVideoElement} video */
function shownPart({ videoWidth, videoHeight, clientWidth, clientHeight }) {
  const scale = Math.max(clientWidth / videoWidth, clientHeight / videoHeight) || 1;
  const width = Math.min(videoWidth, clientWidth / scale || videoWidth);
  const height = Math.min(videoHeight, clientHeight / scale || videoHeight);
  return { x: (videoWidth - width) / 2, y: (videoHeight - height) / 2, width, height };
}

/** Draws what the viewfinder shows, not mirrored, with its longest side at most `longest` pixels.
 * @param {HTMLVideoElement} video @param {number} longest @returns {HTMLCanvasElement} */
export function drawn(video, longest) {
  const { x, y, width, height } = shownPart(video);
  const factor = Math.min(1, longest / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * factor);
  canvas.height = Math.round(height * factor);
  canvas.getContext("2d")?.drawImage(video, x, y, width, height, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/** @param {HTMLCanvasElement} canvas @param {number} quality @returns {Promise<Blob>} */
function encoded(canvas, quality) {
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/jpeg", quality));
}

/** A JPEG of the moment. @param {HTMLVideoElement} video @returns {Promise<Blob>} */
export function takePhoto(video) {
  return light((longest) => drawn(video, longest));
}

/** A JPEG of a picture that somebody chose, or null where it is none. @param {Blob} file @returns {Promise<Blob | null>} */
export async function shrunk(file) {
  const picture = await createImageBitmap(file).catch(() => null);
  return picture && photoOf(picture);
}

/** A JPEG of what was drawn before. @param {ImageBitmap | HTMLCanvasElement} picture @returns {Promise<Blob>} */
export function photoOf(picture) {
  return light((longest) => {
    const factor = Math.min(1, longest / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.width * factor);
    canvas.height = Math.round(picture.height * factor);
    canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
    return canvas;
  });
}

/** At most 640 pixels and 80 kB. Quality gives way first, then size.
 * @param {(longest: number) => HTMLCanvasElement} draw @returns {Promise<Blob>} */
async function light(draw) {
  for (let side = LONGEST_SIDE; ; side = Math.round(side * 0.85)) {
    const canvas = draw(side);
    for (const quality of [0.9, 0.82, 0.74, 0.64]) {
      const photo = await encoded(canvas, quality);
      if (photo.size <= MOST_BYTES) return photo;
    }
  }
}

/** "hint-dark", "hint-bright" or "hint-ready", by the mean brightness where the face should be.
 * @param {HTMLVideoElement} video @returns {string} */
function lightHint(video) {
  if (!video.videoWidth) return "hint-starting";
  const canvas = drawn(video, 48);
  const context = canvas.getContext("2d");
  if (!context) return "hint-ready";
  const { width, height } = canvas;
  const pixels = context.getImageData(width / 4, height / 4, width / 2, height / 2).data;
  let sum = 0;
  for (let at = 0; at < pixels.length; at += 4) sum += 0.3 * pixels[at] + 0.59 * pixels[at + 1] + 0.11 * pixels[at + 2];
  const mean = sum / (pixels.length / 4);
  return mean < DARK ? "hint-dark" : mean > BRIGHT ? "hint-bright" : "hint-ready";
}

/** Keeps the hint under the picture true for as long as the camera runs.
 * @param {HTMLVideoElement} video @param {HTMLElement} hint */
export function watchLight(video, hint) {
  const look = () => {
    if (video.isConnected && video.srcObject) say(hint, lightHint(video));
    else clearInterval(timer);
  };
  const timer = setInterval(look, 700);
  look();
}
