import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

const OUT = "../src/tocsin/web";

/** Writes `file.gz` beside each big file; the server sends it to those who accept it. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    closeBundle() {
      for (const name of readdirSync(OUT, { recursive: true, encoding: "utf8" })) {
        if (!/\.(js|css|html|geojson)$/.test(name)) continue;
        writeFileSync(`${OUT}/${name}.gz`, gzipSync(readFileSync(`${OUT}/${name}`), { level: 9 }));
      }
    },
  };
}

/**
 * The page is built into the Python package, so that one wheel carries everything. `base` is
 * relative: the page works under any path. The map's worker is an `.mjs` file; it is renamed to
 * `.js`, because some servers do not know that `.mjs` is JavaScript and the map would stay blank.
 */
export default defineConfig({
  base: "./",
  plugins: [compressed()],
  build: {
    outDir: OUT,
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
