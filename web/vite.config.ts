/** Builds the viewer into the Python package, which ships it; `make dev` serves it with hot reload in front of a running NVR. */
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type Plugin } from "vite";

const nvr = process.env["NVR"] ?? "http://127.0.0.1:2126";

/**
 * Our footage is MP4, from one recorder, without a second language of anything: without the mention of what takes other containers apart,
 * chooses among servers, or reads ID3 tags, hls.js sheds all that (16 kB of the budget).
 */
const HLS_NEEDS_NOT: readonly (readonly [RegExp, number])[] = [
  [/, \{\s*demux: (?:TS|AAC|MP3)Demuxer,\s*remux: MP4Remuxer\s*\}/g, 3],
  [/(?<=chunkMeta\.iframe && initSegmentData && )TSDemuxer\.probe\(initSegmentData, this\.logger\)/g, 1],
  [/(?<=contentSteeringController: )ContentSteeringController\b/g, 1],
  [/(?<=id3TrackController: )ID3TrackController\b/g, 1],
  [/(?<=capLevelController: )CapLevelController\b/g, 1],
];

const hlsForMp4: Plugin = {
  name: "hls-for-mp4",
  apply: "build",
  transform: {
    filter: { id: /hls\.light\.mjs$/ },
    handler(code) {
      for (const [mention, times] of HLS_NEEDS_NOT) {
        if (code.match(mention)?.length !== times)
          this.error(`hls.js changed: look for ${mention}, and at this plugin`);
        code = code.replace(mention, (found) => (found.startsWith(",") ? "" : "undefined"));
      }
      return { code, map: null };
    },
  },
};

/** Puts `src/first.ts` into the page as a plain script, which runs before anything is painted. */
const firstScript: Plugin = {
  name: "first-script",
  buildStart() {
    if (this.environment.mode === "build") this.emitFile({ type: "chunk", id: "src/first.ts", name: "first" });
  },
  renderChunk: (code, chunk) => (chunk.name === "first" ? `(()=>{${code}})();` : null), // its names are its own
  transformIndexHtml: {
    order: "post",
    handler(_html, { bundle }) {
      const built = Object.values(bundle ?? {}).find((one) => one.type === "chunk" && one.name === "first");
      const attrs = built === undefined ? { type: "module", src: "/src/first.ts" } : { src: `/${built.fileName}` };
      return [{ tag: "script", attrs, injectTo: "head-prepend" }];
    },
  },
};

export default defineConfig({
  plugins: [hlsForMp4, firstScript, svelte()],
  build: {
    outDir: "../src/mini_nvr/api/viewer",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0, // the content security policy wants files
    modulePreload: false, // what is loaded later needs nothing that is not there
    cssCodeSplit: false,
    chunkSizeWarningLimit: 600, // budget.mjs is the judge
  },
  server: {
    host: "127.0.0.1",
    // the Host header stays the page's own, as the NVR compares it with Origin
    proxy: { "/api": { target: nvr, ws: true, changeOrigin: false } },
  },
});
