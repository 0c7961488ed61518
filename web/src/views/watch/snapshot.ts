/** A picture taken home: the one on the tile in its full size, as a JPEG named after its camera and time. */
import { Problem } from "../../api/problem";
import { stage } from "../../media/stage";
import { cameras } from "../../state/cameras.svelte";
import { clock } from "../../state/clock.svelte";
import { say } from "../../state/notices.svelte";
import type { Channel } from "../../state/types";
import { watch } from "../../state/watch.svelte";
import type { UtcUs } from "../../time/instant";
import { formatTime, isoDay } from "../../time/format";
import { fetchStill, type StillPicture } from "./stills";

/** `Front door_2026-11-22_14-32-07.jpg`: a name that every file system takes. */
export function snapshotName(camera: string, at: UtcUs, zone: string): string {
  const name = camera
    .replace(/[\p{Cc}\p{Cf}<>:"/\\|?*]/gu, " ")
    .replace(/\s+/g, " ")
    .replace(/^[ .]+|[ .]+$/g, "")
    .slice(0, 80);
  return `${name || "camera"}_${isoDay(at, zone)}_${formatTime(at, zone).replace(/[: ]/g, "-")}.jpg`;
}

/** Give a picture to the browser as a download. */
function save(picture: Blob, name: string): void {
  const url = URL.createObjectURL(picture);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** The tile's picture; where it shows stills, the recorder makes it. Raises `Problem`. */
async function picture(channel: Channel): Promise<StillPicture> {
  const utcUs = cameras.painted.get(channel) ?? (watch.now.live ? clock.nowUs() : watch.now.instantUs);
  const jpeg = await stage.snapshot(channel);
  if (jpeg !== null) return { jpeg, utcUs };
  return fetchStill(channel, watch.now.live ? null : watch.now.instantUs, null);
}

function whyNone(error: unknown): string {
  if (!(error instanceof Problem)) return "there is no picture";
  return error.kind === "no-footage" ? "nothing was recorded at this time" : error.text;
}

/** Take the picture that a camera's tile shows and download it; says so when there is none. */
export async function takeSnapshot(channel: Channel): Promise<void> {
  try {
    const { jpeg, utcUs } = await picture(channel);
    save(jpeg, snapshotName(cameras.camera(channel)?.name ?? `camera ${channel}`, utcUs, cameras.zone));
  } catch (error) {
    say(`No snapshot: ${whyNone(error)}`, "error");
  }
}
