import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [svelte()],
  resolve: { conditions: ["browser"] }, // components are tested as a browser runs them
  test: {
    include: ["src/**/*.test.ts"],
    environment: "happy-dom",
    restoreMocks: true,
    testTimeout: 30_000, // a deadline, not a measure: a busy machine takes five seconds for what is done in one
  },
});
