/** Fails when the scripts of the built viewer take more than the budget, gzip-compressed as they travel. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const BUDGET_BYTES = 200_000;
const folder = join(import.meta.dirname, "../src/mini_nvr/api/viewer");

const scripts = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".js"));
const sizes = scripts.map((name) => [name, gzipSync(readFileSync(join(folder, name)), { level: 6 }).length]);
const total = sizes.reduce((sum, [, size]) => sum + size, 0);
for (const [name, size] of sizes) console.log(`${String(size).padStart(8)} bytes gzip  ${name}`);
console.log(`${String(total).padStart(8)} of ${BUDGET_BYTES} bytes`);
if (scripts.length === 0 || total > BUDGET_BYTES) {
  console.error("the viewer's scripts are missing or over their budget");
  process.exit(1);
}
