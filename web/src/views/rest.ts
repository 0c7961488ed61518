/** What the first picture does not wait for, as one script of its own: the time below the wall, the other pages, forms. */
export { default as Account } from "./account/Account.svelte";
export { default as ExportList } from "./ExportList.svelte";
export { default as NewPassword } from "./NewPassword.svelte";
export { default as RangeBar } from "./watch/RangeBar.svelte";
export { default as ScrubPicture } from "./watch/ScrubPicture.svelte";
export { default as Recordings } from "./recordings/Recordings.svelte";
export { default as Storage } from "./storage/Storage.svelte";
export { default as Timeline } from "./timeline/Timeline.svelte";
