/** Builds the viewer into the Python package, which ships it; `make dev` serves it with hot reload in front of a running NVR. */
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

const nvr = process.env["NVR"] ?? "http://127.0.0.1:2126";

export default defineConfig({
  plugins: [svelte()],
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
