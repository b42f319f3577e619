// Fixes of the phone's position, the latest ten.

const MOST = 10;
const FRESH_MS = 60_000;

/** @typedef {{latitude: number, longitude: number, accuracyMetres: number | null, altitudeMetres: number | null, speedMps: number | null, headingDegrees: number | null, time: string}} Fix */

export class PositionWatch {
  /** @param {(accuracy: number) => void} found metres @param {(obstacle: string) => void} missed */
  constructor(found, missed) {
    /** @type {GeolocationPosition[]} */
    this.positions = [];
    this.found = found;
    this.missed = missed;
    this.watch = 0;
  }

  start() {
    if (!navigator.geolocation) return this.missed("position-unsupported");
    const wanted = { enableHighAccuracy: true, maximumAge: 0, timeout: 20_000 };
    this.watch = navigator.geolocation.watchPosition((position) => this.take(position), (error) => this.miss(error), wanted);
  }

  stop() {
    if (this.watch) navigator.geolocation.clearWatch(this.watch);
  }

  /** @param {GeolocationPosition} position */
  take(position) {
    this.positions = [...this.positions, position].slice(-MOST);
    this.found(position.coords.accuracy);
  }

  /** @param {GeolocationPositionError} error */
  miss(error) {
    if (error.code === error.PERMISSION_DENIED) this.missed("position-denied");
    else if (this.positions.length === 0) this.missed("position-missing");
  }

  /** What was found lately, in the server's time: the phone's clock may be wrong, but not by how long ago
   * a fix was. @param {number} serverNow milliseconds @returns {Fix[]} */
  fixes(serverNow) {
    const now = Date.now();
    const fresh = this.positions.filter((position) => now - position.timestamp < FRESH_MS);
    return (fresh.length ? fresh : this.positions.slice(-1)).map(({ coords, timestamp }) => ({
      latitude: coords.latitude,
      longitude: coords.longitude,
      accuracyMetres: coords.accuracy,
      altitudeMetres: coords.altitude,
      speedMps: coords.speed,
      headingDegrees: coords.heading === null || Number.isNaN(coords.heading) ? null : coords.heading,
      time: new Date(serverNow + Math.min(timestamp - now, 0)).toISOString(),
    }));
  }
}

/** The sentence for an accuracy in metres. @param {number} accuracy @returns {string} */
export function inWords(accuracy) {
  return accuracy <= 30 ? "position-good" : accuracy <= 100 ? "position-fair" : "position-rough";
}
