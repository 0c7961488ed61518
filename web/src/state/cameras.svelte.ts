/** The cameras, what they are doing, and what their pictures are doing. Fed by `/api/config`, `/api/live`, `/api/events` and the media driver. */
import { SvelteMap } from "svelte/reactivity";

import type { UtcUs } from "../time/instant";
import type { Camera, CameraState, Channel, PictureState } from "./types";

class Cameras {
  list = $state.raw<readonly Camera[]>([]);
  /** IANA zone of the recorder: days and times are shown in it. */
  zone = $state("UTC");
  /** Seconds a file. */
  segmentDurationS = $state(300);
  version = $state("");
  /** The list has been told at least once; before, an empty one means nothing. */
  loaded = $state(false);
  recorderRunning = $state(true);
  /** null: it runs, or it stopped before this page was opened. */
  recorderDownSinceUs = $state<UtcUs | null>(null);
  /** The event stream is open; otherwise what is shown may be old. */
  connected = $state(false);
  /** Since when the line to the recorder is cut; null: it is not, or is opened for the first time. */
  lostSinceUs = $state<UtcUs | null>(null);

  readonly states = new SvelteMap<Channel, CameraState>();
  /** By channel, for the tiles on screen. */
  readonly pictures = new SvelteMap<Channel, PictureState>();
  /** Wall time of the frame that a tile shows. */
  readonly painted = new SvelteMap<Channel, UtcUs>();

  camera(channel: Channel): Camera | undefined {
    return this.list.find((camera) => camera.channel === channel);
  }
}

export const cameras = new Cameras();
