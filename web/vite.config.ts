/** Builds the viewer into the Python package, which ships it; `make dev` serves it with hot reload in front of a running NVR. */
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type Plugin } from "vite";

const nvr = process.env["NVR"] ?? "http://127.0.0.1:2126";

/** Our footage is MP4: without the other containers' entries in its table, hls.js sheds what takes them apart (5 kB of the budget). */
const hlsForMp4: Plugin = {
  name: "hls-for-mp4",
  apply: "build",
  transform: {
    filter: { id: /hls\.light\.mjs$/ },
    handler(code) {
      const others = /, \{\s*demux: (?:TS|AAC|MP3)Demuxer,\s*remux: MP4Remuxer\s*\}/g;
      if (code.match(others)?.length !== 3) this.error("hls.js changed: look for its muxConfig, and at this plugin");
      return { code: code.replace(others, ""), map: null };
    },
  },
};

export default defineConfig({
  plugins: [hlsForMp4, svelte()],
  build: {
    outDir: "../src/mini_nvr/api/viewer",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0, // the content security policy wants files
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 600, // budget.mjs is the judge
  },
  server: {
    host: "127.0.0.1",
    // the Host header stays the page's own, as the NVR compares it with Origin
    proxy: { "/api": { target: nvr, ws: true, changeOrigin: false } },
  },
});
