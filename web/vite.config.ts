import { defineConfig } from "vite";

/**
 * The page is built into the Python package, so that one wheel carries everything. `base` is
 * relative: the page works under any path. The map's worker is an `.mjs` file; it is renamed to
 * `.js`, because some servers do not know that `.mjs` is JavaScript and the map would stay blank.
 */
export default defineConfig({
  base: "./",
  build: {
    outDir: "../src/tocsin/web",
    emptyOutDir: true,
    target: "es2022",
    license: { fileName: "licenses.md" },
    chunkSizeWarningLimit: 1200,
    assetsInlineLimit: 0,
    rolldownOptions: {
      output: {
        assetFileNames: ({ names }) =>
          names[0]?.endsWith(".mjs") ? "assets/[name]-[hash].js" : "assets/[name]-[hash][extname]",
      },
    },
  },
});
