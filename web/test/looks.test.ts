import { expect, test } from "vitest";
import { boundsOf, middle, readAtlas } from "../src/atlas.ts";
import { LOOKS } from "../src/looks.ts";

const looks = Object.entries(LOOKS);

/** Relative luminance and contrast of WCAG 2.2. */
function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

test.each(looks)("the words on %s can be read (WCAG 2.2 AA, 4.5 : 1)", (_, { fill, ink }) => {
  const [dark = 0, light = 0] = [luminance(fill), luminance(ink)].sort((a, b) => a - b);
  expect((light + 0.05) / (dark + 0.05)).toBeGreaterThanOrEqual(4.5);
});

test("no two stages share a colour, a pattern or a sign", () => {
  for (const part of ["fill", "motif", "sign"] as const) {
    expect(new Set(looks.map(([, look]) => look[part])).size).toBe(looks.length);
  }
});

test("the middle of an outline is its centroid", () => {
  const l = [
    [0, 0],
    [4, 0],
    [4, 1],
    [1, 1],
    [1, 4],
    [0, 4],
    [0, 0],
  ];
  const [x = 0, y = 0] = middle(l);
  expect(x).toBeCloseTo(9.5 / 7, 9);
  expect(y).toBeCloseTo(9.5 / 7, 9);
  expect(
    middle([
      [2, 2],
      [4, 2],
      [2, 2],
    ]),
  ).toEqual([3, 2]);
});

test("outlines become places; what has no outline or id is left out", () => {
  const ring = [
    [30, 50],
    [31, 50],
    [31, 51],
    [30, 50],
  ];
  const far = ring.map(([x = 0, y = 0]) => [x + 5, y]);
  const feature = (properties: object, geometry: object) =>
    ({ type: "Feature", properties, geometry }) as never;
  const atlas = readAtlas({
    type: "FeatureCollection",
    features: [
      feature(
        { id: "a", names: { en: "A" }, parent: "p", shelter_s: null },
        { type: "MultiPolygon", coordinates: [[ring], [far]] },
      ),
      feature({ id: "b" }, { type: "Point", coordinates: [1, 1] }),
      feature({}, { type: "Polygon", coordinates: [ring] }),
    ],
    parents: { p: { en: "P" } },
  });
  expect([...atlas.places.keys()]).toEqual(["a"]);
  expect(atlas.places.get("a")?.bounds).toEqual([30, 50, 36, 51]);
  expect(atlas.parents.get("p")).toEqual({ en: "P" });
  expect(boundsOf(ring)).toEqual([30, 50, 31, 51]);
});
