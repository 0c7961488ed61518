/** The one footage of the page: asks `/api/timeline`, hears `/api/events`. */
import { getJson } from "../api/client";
import { listen } from "../api/news";
import { Problem } from "../api/problem";
import { clock } from "../state/clock.svelte";
import type { UtcUs } from "../time/instant";
import { dayStart } from "../time/zone";
import { Footage, queryOf } from "./data/footage";
import type { TimelineJson } from "./data/strip";
import { stills } from "./stills";

export const footage = new Footage(
  (question, signal) => getJson<TimelineJson>("/api/timeline", queryOf(question, clock.nowUs()), signal),
  () => clock.nowUs(),
);

/** Where the day of the oldest footage begins; null when there is none, or nobody can say. */
export async function oldestFootage(zone: string): Promise<UtcUs | null> {
  try {
    const { dates } = await getJson<{ readonly dates: readonly string[] }>("/api/dates");
    const [year, month, day] = (dates.at(-1) ?? "").split("-").map(Number);
    return year === undefined || month === undefined || day === undefined ? null : dayStart(year, month, day, zone);
  } catch (error) {
    if (error instanceof Problem) return null;
    throw error;
  }
}

listen({
  heard: (news) => {
    footage.heard(news);
    if (news.event === "deleted") stills.forget(news.channel);
  },
  opened: () => footage.opened(),
});
