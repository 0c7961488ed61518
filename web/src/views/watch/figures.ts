/** Figures of a camera and instants as a tile writes them. Pure. */
import type { CameraState } from "../../state/types";
import { formatBitRate, formatShortDay, formatTime, isoDay, type Precision } from "../../time/format";
import type { UtcUs } from "../../time/instant";
import { codecName } from "./tileState";

/** `H.264 · 1920×1080 · 25 fps · 4.1 Mbit/s`, as far as it is known. */
export function figures(state: CameraState | undefined): string {
  if (state === undefined) return "";
  const { codec, width, height, fps, bitrate } = state;
  const known = [
    codec === null ? null : codecName(codec),
    width === null || height === null ? null : `${width}×${height}`,
    fps === null ? null : `${Number(fps.toFixed(1))} fps`,
    bitrate === null ? null : formatBitRate(bitrate),
  ];
  return known.filter((text) => text !== null).join(" · ");
}

/** `14:30:07`, with the day when that is another one. */
export function sinceText(since: UtcUs, now: UtcUs, zone: string, precision: Precision = "second"): string {
  const time = formatTime(since, zone, precision);
  return isoDay(since, zone) === isoDay(now, zone) ? time : `${formatShortDay(since, zone)}, ${time}`;
}
