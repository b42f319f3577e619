// Leads a person through a few moves before the camera, and picks the frames that show them. What is picked here is
// only the likeliest; whether a move was made is judged by the server. Loaded when moves are asked for, and not before.

import { drawn, photoOf } from "./camera.js";
import { element, pause, say } from "./page.js";

/** @typedef {{kind: string, instruction: string}} Asked */
/** @typedef {{canvas: HTMLCanvasElement, at: string, after: number, change: number}} Sample after: milliseconds since
 * the sign; change: from the look before, grey levels */
/** @typedef {{x: number, y: number, width: number, height: number}} Part in parts of the picture */

const LOOK_MS = 900;
/** A move is over when it was seen to begin and to end; at the latest then. */
const LONGEST_MS = 2600;
const SHORTEST_MS = 900;
const EVERY_MS = 70;
const FEWEST = 4;
const LONGEST_SIDE = 480;
const STRAIGHT_SIDE = 640;
/** A head that sways changes as much of the picture as eyes that close: so that a blink is not missed, frames of
 * these moments are sent too when there is room, and the eyes have their time. */
const BLINK_MS = [1100, 800, 1400];
const SHORTEST_BLINK_MS = 2000;
/** No two frames of one move are nearer. */
const APART_MS = 200;
/** So much above what changes in somebody who keeps still is a move; fallen to so much of it, it is over. */
const CLEAR = 2.2;
const OVER = 0.5;
/** Where the oval and the eyes in it are. */
const FACE = { x: 0.25, y: 0.2, width: 0.5, height: 0.52 };
const EYES = { x: 0.28, y: 0.32, width: 0.44, height: 0.18 };
const GRID = { width: 32, height: 32 };

const small = document.createElement("canvas");
small.width = GRID.width;
small.height = GRID.height;
const pen = small.getContext("2d", { willReadFrequently: true });

/** Grey levels of a part of a picture, without its brightness.
 * @param {HTMLCanvasElement} canvas @param {Part} part @returns {Float32Array} */
function grey(canvas, { x, y, width, height }) {
  const levels = new Float32Array(GRID.width * GRID.height);
  if (!pen) return levels;
  const [w, h] = [canvas.width, canvas.height];
  pen.drawImage(canvas, x * w, y * h, width * w, height * h, 0, 0, GRID.width, GRID.height);
  const pixels = pen.getImageData(0, 0, GRID.width, GRID.height).data;
  let sum = 0;
  for (let at = 0; at < levels.length; at += 1) {
    levels[at] = 0.3 * pixels[4 * at] + 0.59 * pixels[4 * at + 1] + 0.11 * pixels[4 * at + 2];
    sum += levels[at];
  }
  return levels.map((level) => level - sum / levels.length);
}

/** @param {Float32Array} one @param {Float32Array} other */
const change = (one, other) => one.reduce((sum, level, at) => sum + Math.abs(level - other[at]), 0) / one.length;

/** Draws the ring round the oval as far as the time has gone. @param {number} share 0 to 1 */
function turnRing(share) {
  element("ring").setAttribute("stroke-dashoffset", String(100 - 100 * Math.min(share, 1)));
}

/** Shows a sign, and says it. @param {Asked} asked */
function show({ kind, instruction }) {
  const signs = element("signs");
  say(signs, kind);
  signs.dataset.move = kind;
  element("sign-words").textContent = instruction;
}

/** Looks every few milliseconds for as long as `more` says so.
 * @param {HTMLVideoElement} video @param {() => string} now @param {Part} part @param {Float32Array} before
 * @param {(samples: Sample[], elapsed: number) => boolean} more @returns {Promise<Sample[]>} */
async function watch(video, now, part, before, more) {
  const samples = /** @type {Sample[]} */ ([]);
  const began = performance.now();
  let last = new Float32Array(0);
  do {
    const canvas = drawn(video, LONGEST_SIDE);
    const levels = grey(canvas, part);
    // A slow camera gives one picture several times: to the server that would be a picture sent twice.
    if (levels.some((level, at) => level !== last[at])) {
      samples.push({ canvas, at: now(), after: performance.now() - began, change: change(levels, before) });
    }
    last = levels;
    await pause(EVERY_MS);
  } while (more(samples, performance.now() - began));
  return samples;
}

/** @param {Sample[]} samples */
const highest = (samples) => samples.reduce((best, sample) => (sample.change > best.change ? sample : best));

/** A move's frames: at its height, of other moments where there is `room`, and back from it.
 * @param {Sample[]} samples @param {number} room @returns {Sample[]} */
function chosen(samples, room) {
  const back = samples[samples.length - 1];
  const during = samples.filter(({ after }) => after <= back.after - APART_MS);
  const taken = [highest(during.length ? during : samples)];
  for (const moment of BLINK_MS.slice(0, room)) {
    const nearest = during.reduce((best, sample) => (Math.abs(sample.after - moment) < Math.abs(best.after - moment) ? sample : best), taken[0]);
    if (taken.every(({ after }) => Math.abs(nearest.after - after) >= APART_MS)) taken.push(nearest);
  }
  return [...new Set([...taken.sort((one, other) => one.after - other.after), back])];
}

/** The look at the start: the reference, and how much changes in it while nobody moves.
 * @param {HTMLVideoElement} video @param {() => string} now */
async function look(video, now) {
  const samples = await watch(video, now, FACE, new Float32Array(GRID.width * GRID.height), (samples, elapsed) => {
    turnRing(elapsed / LOOK_MS);
    return elapsed < LOOK_MS || (samples.length < FEWEST && elapsed < LONGEST_MS);
  });
  return { canvas: drawn(video, STRAIGHT_SIDE), at: now(), samples: samples.slice(-4) };
}

/** @param {HTMLVideoElement} video @param {Asked} asked @param {() => string} now
 * @param {Sample[]} still @returns {Promise<Sample[]>} */
function follow(video, asked, now, still) {
  const blink = asked.kind === "BLINK";
  const part = blink ? EYES : FACE;
  const shortest = blink ? SHORTEST_BLINK_MS : SHORTEST_MS;
  const before = grey(still[still.length - 1].canvas, part);
  const noise = Math.max(1.5, ...still.slice(0, -1).map(({ canvas }) => change(grey(canvas, part), before)));
  return watch(video, now, part, before, (samples, elapsed) => {
    turnRing(elapsed / LONGEST_MS);
    const top = highest(samples).change;
    const over = top > CLEAR * noise && samples[samples.length - 1].change < Math.max(OVER * top, noise);
    return elapsed < shortest || (elapsed < LONGEST_MS && (samples.length < FEWEST || !over));
  });
}

/** The signs' own style, which the page does without until then. @param {HTMLElement} signs */
function dressed(signs) {
  const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href: signs.dataset.style });
  return new Promise((resolve) => {
    link.onload = link.onerror = resolve;
    document.head.append(link);
  });
}

/** Leads through what is asked, the look first, and returns at most `most` frames in their order.
 * @param {HTMLVideoElement} video @param {Asked[]} challenge @param {number} most
 * @param {() => string} now the server's time @returns {Promise<{photo: Blob, at: string}[]>} */
export async function lead(video, challenge, most, now) {
  const [first, ...moves] = challenge;
  const signs = element("signs");
  await dressed(signs);
  signs.hidden = false;
  try {
    show(first);
    const begun = await look(video, now);
    const taken = /** @type {{canvas: HTMLCanvasElement, at: string}[]} */ ([begun]);
    let still = begun.samples;
    for (const [index, asked] of moves.entries()) {
      show(asked);
      const samples = await follow(video, asked, now, still);
      const room = most - taken.length - 2 * (moves.length - index);
      taken.push(...chosen(samples, asked.kind === "BLINK" ? room : 0));
      still = samples.slice(-3);
    }
    show(first);
    await pause(SHORTEST_MS / 2);
    taken[taken.length - 1] = { canvas: drawn(video, STRAIGHT_SIDE), at: now() };
    return await Promise.all(taken.map(async ({ canvas, at }) => ({ photo: await photoOf(canvas), at })));
  } finally {
    signs.hidden = true;
  }
}
