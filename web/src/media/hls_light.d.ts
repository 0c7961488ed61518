/** The light build has the types of the full one, less what it leaves out. */
declare module "hls.js/light" {
  // eslint-disable-next-line no-restricted-imports -- types alone
  export * from "hls.js";
  // eslint-disable-next-line no-restricted-imports -- types alone
  export { default } from "hls.js";
}
