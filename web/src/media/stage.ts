/**
 * Which picture plays what: follows the watch state and gives each tile on screen its live stream, its recorded footage or nothing.
 *
 * A tile says only where its picture goes: `{@attach stage.place(channel)}` on an element; what the picture does is in
 * `cameras.pictures` and `cameras.painted`.
 */
import type { Attachment } from "svelte/attachments";

import type { Channel } from "../state/types";

export const stage = {
  /** Put the picture of a camera into an element for as long as it is there. */
  place(_channel: Channel): Attachment<HTMLElement> {
    return () => undefined;
  },
  /** A JPEG of what a tile shows. */
  snapshot(_channel: Channel): Promise<Blob | null> {
    return Promise.resolve(null);
  },
  pictureInPicture(_channel: Channel): Promise<void> {
    return Promise.resolve();
  },
  /** One frame on or back, on all pictures. */
  step(_frames: 1 | -1): void {},
};
