// What the scripts of several pages do the same way: choose which prepared sentence is shown, and talk to
// this site through a connection that may be weak. No text a person reads stands in a script.

/** @typedef {{code: string, message: string, nextStep: string | null}} Problem */
/** @typedef {{key: string, url: string, method: string, headers: {name: string, value: string}[], maxBytes: number, expiresAt: string}} UploadTarget */

const ANSWER_MS = 15_000;
const UPLOAD_MS = 60_000;

/** The server understood, and says no; trying the same again would not help. `stale` when it is only this page
 * that is out of date. */
export class Refused extends Error {
  /** @param {Problem | null} problem @param {string | null} href @param {boolean} stale */
  constructor(problem, href, stale = false) {
    super(problem?.code ?? "REFUSED");
    this.problem = problem;
    this.href = href;
    this.stale = stale;
  }
}

/** No answer, or one that says "later". */
export class Unreached extends Error {}

/** @param {string} id @returns {HTMLElement} */
export function element(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no #${id}`);
  return found;
}

/** Shows one of the sentences inside `root` and hides the others; null hides all.
 * @param {HTMLElement} root @param {string | null} name */
export function say(root, name) {
  for (const sentence of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-say]"))) {
    const hidden = sentence.dataset.say !== name;
    if (sentence.hidden !== hidden) sentence.hidden = hidden;
  }
}

/** What stands in the way, one thing at a time: the first in the order of the page is shown, with its one next
 * step, and the rest waits until that is done. */
export class Obstacles {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.notes = /** @type {HTMLElement[]} */ ([...root.children]);
    /** @type {Set<string | undefined>} */
    this.present = new Set(this.notes.filter((note) => !note.hidden).map((note) => note.dataset.say));
    const look = () => this.set("offline", !navigator.onLine);
    for (const name of ["offline", "online"]) addEventListener(name, look);
    look();
  }

  /** @param {string} name @param {boolean} present */
  set(name, present) {
    if (present) this.present.add(name);
    else this.present.delete(name);
    const first = this.notes.find((note) => this.present.has(note.dataset.say));
    for (const note of this.notes) if (note.hidden !== (note !== first)) note.hidden = note !== first;
  }
}

/** One piece of work at a time; `redraw` follows its beginning and its end, and `note` tells what went wrong. */
export class Work {
  /** @param {HTMLElement} note @param {() => void} redraw */
  constructor(note, redraw) {
    this.busy = false;
    this.note = note;
    this.redraw = redraw;
  }

  /** @param {() => Promise<void>} job */
  async run(job) {
    if (this.busy) return;
    this.busy = true;
    this.note.hidden = true;
    this.redraw();
    try {
      await job();
    } catch (error) {
      tellRefusal(this.note, error);
    } finally {
      this.busy = false;
      this.redraw();
    }
  }
}

/** What is kept for us, or nothing where the browser's owner forbids it; then a reload begins anew.
 * @param {() => Storage} where */
function shelf(where) {
  /** @param {(storage: Storage) => any} use */
  const attempt = (use) => {
    try {
      return use(where());
    } catch (error) {
      if (error instanceof DOMException) return null;
      throw error;
    }
  };
  return {
    /** @param {string} name @returns {string | null} */
    get: (name) => attempt((storage) => storage.getItem(name)),
    /** @param {string} name @param {string} value */
    put: (name, value) => attempt((storage) => storage.setItem(name, value)),
    /** @param {string} name */
    drop: (name) => attempt((storage) => storage.removeItem(name)),
  };
}

export const inBrowser = shelf(() => localStorage);
export const inTab = shelf(() => sessionStorage);

/** @param {number} ms */
export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Resolves at once when online, else when the browser says that it is again. */
export function online() {
  if (navigator.onLine) return Promise.resolve();
  return new Promise((resolve) => addEventListener("online", () => resolve(undefined), { once: true }));
}

/** Posts JSON to a page of ours. Throws Refused, or Unreached when trying again may help.
 * @param {string} path @param {object} body @returns {Promise<any>} */
export async function post(path, body) {
  const token = document.querySelector('meta[name="csrf-token"]')?.getAttribute("content") ?? "";
  const headers = { "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": token };
  const request = { method: "POST", headers, body: JSON.stringify(body), signal: AbortSignal.timeout(ANSWER_MS) };
  const response = await fetch(path, request).catch(() => { throw new Unreached(); });
  if (response.status >= 500 || response.status === 429) throw new Unreached();
  const answer = await response.json().catch(() => { throw new Unreached(); });
  if (response.status === 401) return leave(answer.signIn);
  if (!response.ok) throw new Refused(answer.problem ?? { code: "", message: answer.message, nextStep: null }, answer.href ?? null, response.status === 403);
  return answer;
}

/** Goes to another page and never comes back to the caller. @param {string} href @returns {Promise<never>} */
export function leave(href) {
  location.assign(href);
  return new Promise(() => {});
}

/** Sends a photograph straight to where it will lie.
 * @param {UploadTarget} target @param {Blob} photo @param {(percent: number) => void} progress @returns {Promise<void>} */
export function upload(target, photo, progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(target.method, target.url);
    request.timeout = UPLOAD_MS;
    for (const { name, value } of target.headers) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => progress(event.lengthComputable ? (100 * event.loaded) / event.total : 0);
    request.onerror = request.ontimeout = () => reject(new Unreached());
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve();
      else reject(request.status >= 500 || request.status === 429 ? new Unreached() : new Refused(null, null));
    };
    request.send(photo);
  });
}

/** Tries again after 1, 2, 4, 8, then every 15 seconds while the connection is the trouble.
 * @template T @param {() => Promise<T>} attempt @param {number} most @param {() => void} waiting @returns {Promise<T>} */
export async function persist(attempt, most, waiting) {
  for (let tried = 1; ; tried += 1) {
    try {
      await online();
      return await attempt();
    } catch (error) {
      if (!(error instanceof Unreached) || tried >= most) throw error;
      waiting();
      await pause(Math.min(1000 * 2 ** (tried - 1), 15_000) * (0.8 + 0.4 * Math.random()));
    }
  }
}

/** Fills the note that tells a refusal, and shows it. @param {HTMLElement} note @param {unknown} error */
export function tellRefusal(note, error) {
  const problem = error instanceof Refused ? error.problem : null;
  const href = error instanceof Refused ? error.href : null;
  /** @param {string} name */
  const part = (name) => /** @type {HTMLElement} */ (note.querySelector(`[data-${name}]`));
  part("message").textContent = problem?.message ?? "";
  part("next").textContent = problem?.nextStep ?? "";
  part("lost").hidden = problem !== null;
  const link = /** @type {HTMLAnchorElement} */ (part("href"));
  link.hidden = href === null;
  if (href !== null) link.href = href;
  note.hidden = false;
}
