import svelte from "eslint-plugin-svelte";
import globals from "globals";
import ts from "typescript-eslint";

import svelteConfig from "./svelte.config.js";

/** House rules: one file alone touches video elements, Media Source Extensions and hls.js; state knows no views; time and geometry know neither. */
const only = (files, patterns) => ({
  files,
  rules: { "no-restricted-imports": ["error", { patterns }] },
});

export default ts.config(
  { ignores: ["node_modules/", "src/api/schema.d.ts"] },
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  { languageOptions: { globals: { ...globals.browser } } },
  { rules: { "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }] } },
  { files: ["*.mjs", "*.js", "*.config.ts"], languageOptions: { globals: { ...globals.node } } },
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: { parserOptions: { parser: ts.parser, extraFileExtensions: [".svelte"], svelteConfig } },
  },
  {
    files: ["src/**/*.ts", "src/**/*.svelte"],
    ignores: ["src/media/driver.ts"],
    rules: {
      "no-restricted-globals": ["error", "MediaSource", "ManagedMediaSource", "HTMLVideoElement"],
      "no-restricted-imports": [
        "error",
        { patterns: [{ group: ["hls.js", "hls.js/*"], message: "media/driver.ts alone knows hls.js" }] },
      ],
      "no-restricted-syntax": [
        "error",
        {
          selector: "CallExpression[callee.property.name='createElement'][arguments.0.value='video']",
          message: "media/driver.ts alone makes video elements",
        },
        { selector: "SvelteElement[name.name='video']", message: "media/driver.ts alone makes video elements" },
      ],
    },
  },
  only(["src/time/**/*.ts"], [{ group: ["../*"], message: "time arithmetic knows nobody" }]),
  only(
    ["src/timeline/geometry/**/*.ts"],
    [{ group: ["../../api/*", "../../state/*", "../../media/*", "../../views/*"], message: "geometry is pure" }],
  ),
  only(
    ["src/state/**/*.ts"],
    [{ group: ["../views/*", "../timeline/*", "hls.js", "hls.js/*"], message: "state knows no views" }],
  ),
);
