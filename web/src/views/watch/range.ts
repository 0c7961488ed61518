/** A range of time and what it holds: sizes, what can be deleted, what is protected. Pure. */
import type { Recording } from "../../api/recordings";
import { plus, type Span, US_PER_S, utcUs, type UtcUs } from "../../time/instant";

/** The part of a file inside the range, from 0 to 1. */
function share(file: Recording, span: Span): number {
  const length = file.endUs - file.startUs;
  if (length <= 0) return 0;
  return Math.max(0, Math.min(file.endUs, span.endUs) - Math.max(file.startUs, span.startUs)) / length;
}

/** About how large an export would be: as if each file's bytes were spread evenly. */
export const estimateBytes = (files: readonly Recording[], span: Span): number =>
  Math.round(files.reduce((sum, file) => sum + file.bytes * share(file, span), 0));

/** Time with footage inside the range, microseconds; what two files both cover counts once. Files oldest first. */
export function footageUs(files: readonly Recording[], span: Span): number {
  let [sum, untilUs]: [number, number] = [0, span.startUs];
  for (const file of files) {
    const endUs = Math.min(file.endUs, span.endUs);
    sum += Math.max(0, endUs - Math.max(file.startUs, untilUs));
    untilUs = Math.max(untilUs, endUs);
  }
  return sum;
}

/** The minute around an instant; close to now it is the last one. */
export function minuteAround(at: UtcUs, nowUs: UtcUs): Span {
  const endUs = utcUs(Math.min(plus(at, 30 * US_PER_S), nowUs));
  return { startUs: plus(endUs, -60 * US_PER_S), endUs };
}

/** What deleting a range does. */
export interface DeletionPlan {
  readonly going: readonly Recording[];
  readonly bytes: number;
  /** How many stay, and why. */
  readonly protected: number;
  readonly growing: number;
  readonly reachingOut: number;
}

/** Whole files are deleted: those that reach out of the range stay. */
export function deletionOf(files: readonly Recording[], span: Span): DeletionPlan {
  const free = files.filter((file) => !file.growing && !file.protected);
  const going = free.filter((file) => file.startUs >= span.startUs && file.endUs <= span.endUs);
  return {
    going,
    bytes: going.reduce((sum, file) => sum + file.bytes, 0),
    protected: files.filter((file) => file.protected).length,
    growing: files.filter((file) => file.growing && !file.protected).length,
    reachingOut: free.length - going.length,
  };
}

/** The smallest range around files, so that nothing else is deleted with them that has come meanwhile; null without files. */
export function spanOf(files: readonly Recording[]): Span | null {
  const [first, last] = [files[0], files.at(-1)];
  return first === undefined || last === undefined ? null : { startUs: first.startUs, endUs: last.endUs };
}

export const counted = (count: number, one: string): string => `${count} ${one}${count === 1 ? "" : "s"}`;

/** How many files stay, and why, in words; empty when all go. */
export function keptText(plan: DeletionPlan): string {
  const reasons: readonly (readonly [number, string])[] = [
    [plan.reachingOut, "reaching out of the range"],
    [plan.protected, "protected"],
    [plan.growing, "still being written"],
  ];
  const holding = reasons.filter(([count]) => count > 0);
  const total = plan.reachingOut + plan.protected + plan.growing;
  if (total === 0) return "";
  const texts = holding.map(([count, reason]) => (holding.length === 1 ? reason : `${count} ${reason}`));
  return `${counted(total, "file")} ${total === 1 ? "stays" : "stay"}: ${texts.join(", ")}.`;
}

/** How long a download still takes, microseconds, when it goes on as since its start; null while that cannot be said. */
export function remainingUs(bytes: number, totalBytes: number, sinceMs: number): number | null {
  if (bytes <= 0 || sinceMs < 1_000) return null;
  return Math.round(((totalBytes - bytes) / bytes) * sinceMs * 1_000);
}
