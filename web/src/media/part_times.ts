/** When each part of a playlist was recorded, from the playlist's own text; hls.js shifts these times when it merges a playlist that grew. Pure. */
import { fromMs, plus, US_PER_S, type UtcUs } from "../time/instant";

/** By file and the offset in it. */
export class PartTimes {
  readonly #startUs = new Map<string, UtcUs>();

  /** What is known of a part stays: lengths in playlists are rounded. */
  read(text: string): void {
    let atUs: UtcUs | null = null;
    let [durationS, offset] = [0, "0"];
    for (const line of text.split(/\r?\n/)) {
      const value = line.slice(line.indexOf(":") + 1);
      if (line.startsWith("#EXT-X-PROGRAM-DATE-TIME:")) atUs = fromMs(Date.parse(value));
      else if (line.startsWith("#EXTINF:")) durationS = Number.parseFloat(value);
      else if (line.startsWith("#EXT-X-BYTERANGE:")) offset = value.split("@")[1] ?? "0";
      else if (line !== "" && !line.startsWith("#") && atUs !== null) {
        const key = `${line}@${offset}`;
        atUs = this.#startUs.get(key) ?? atUs;
        this.#startUs.set(key, atUs);
        atUs = plus(atUs, durationS * US_PER_S);
      }
    }
  }

  startUs(uri: string, offset: number): UtcUs | null {
    return this.#startUs.get(`${uri}@${offset}`) ?? null;
  }
}
