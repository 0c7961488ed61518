/** Says how the recorder's zone differs from the browser's. Pure. */

const MINUTES_PER_HOUR = 60;

/** "1 h ahead of this browser", "30 min behind this browser"; empty when both clocks on the wall agree. */
export function zoneDifference(recorderOffsetS: number, browserOffsetS: number): string {
  const minutes = Math.round((recorderOffsetS - browserOffsetS) / 60);
  if (minutes === 0) return "";
  const hours = Math.floor(Math.abs(minutes) / MINUTES_PER_HOUR);
  const rest = Math.abs(minutes) % MINUTES_PER_HOUR;
  const amount = [hours === 0 ? "" : `${hours} h`, rest === 0 ? "" : `${rest} min`]
    .filter((one) => one !== "")
    .join(" ");
  return `${amount} ${minutes > 0 ? "ahead of" : "behind"} this browser`;
}
