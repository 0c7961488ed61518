/** The one footage of the page: asks `/api/timeline`, hears `/api/events`. */
import { getJson } from "../api/client";
import { listen } from "../api/news";
import { clock } from "../state/clock.svelte";
import { Footage, queryOf } from "./data/footage";
import type { TimelineJson } from "./data/strip";
import { stills } from "./stills";

export const footage = new Footage(
  (question, signal) => getJson<TimelineJson>("/api/timeline", queryOf(question, clock.nowUs()), signal),
  () => clock.nowUs(),
);

listen({
  heard: (news) => {
    footage.heard(news);
    if (news.event === "deleted") stills.forget(news.channel);
  },
  opened: () => footage.opened(),
});
