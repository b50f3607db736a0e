/** The map's style as data: sources, layers and the two themes. */
import type { StyleSpecification } from "maplibre-gl";
import { LOOKS, type Look } from "../looks.ts";

export interface Theme {
  readonly sea: string;
  readonly land: string;
  readonly border: string;
  readonly zone: string;
  readonly text: string;
  readonly soft: string;
  readonly halo: string;
  readonly blind: string;
}

export const LIGHT: Theme = {
  sea: "#cfd9e3",
  land: "#f3f1ec",
  border: "#8b95a1",
  zone: "#b3bac4",
  text: "#14171c",
  soft: "#4c5765",
  halo: "#ffffff",
  blind: "#6b7480",
};

export const DARK: Theme = {
  sea: "#0b0f14",
  land: "#1b212a",
  border: "#5b6775",
  zone: "#3a4553",
  text: "#f2f4f7",
  soft: "#a9b4c1",
  halo: "#0b0f14",
  blind: "#8d98a6",
};

const WORLD = new URL("world.geojson", document.baseURI).href;
const NOTHING = { type: "FeatureCollection", features: [] } as const;
const FILLED = Object.keys(LOOKS).filter((look): look is Look => look !== "blind");

/** A size that grows with the zoom, so that a whole country of small zones is not all line. */
const growing = (small: number, large: number): unknown[] => [
  "interpolate",
  ["linear"],
  ["zoom"],
  5,
  small,
  8,
  large,
];

/** Takes cover last, so that it is drawn above its neighbours. */
const ORDER = [
  "notice",
  "all_clear",
  "cancelled",
  "stand_by",
  "standing",
  "early",
  "stay",
  "take_cover",
];

export function mapStyle(theme: Theme): StyleSpecification {
  const fills = FILLED.flatMap((look) => [look, LOOKS[look].fill]);
  const colour = ["match", ["get", "look"], ...fills, theme.zone];
  const warned = ["in", ["get", "look"], ["literal", FILLED]];
  const rank = ["index-of", ["get", "look"], ["literal", ORDER]];
  const layers: unknown[] = [
    { id: "sea", type: "background", paint: { "background-color": theme.sea } },
    part("land", "fill", { "fill-color": theme.land, "fill-antialias": false }),
    part("border", "line", { "line-color": theme.border, "line-width": 1 }),
    pattern("zones-blind", ["==", ["get", "blind"], true], "blind"),
    zones("zones-edge", "line", null, { "line-color": theme.zone, "line-width": growing(0.4, 1) }),
    pattern("zones-look", warned, ["get", "look"]),
    {
      ...zones("zones-warned", "line", warned, {
        "line-color": colour,
        "line-width": growing(1.2, 2.5),
      }),
      layout: { "line-sort-key": rank, "line-join": "round" },
    },
    zones("zones-chosen", "line", ["==", ["get", "id"], ""], {
      "line-color": theme.text,
      "line-width": 3.5,
    }),
    zones("zones-hit", "fill", null, { "fill-opacity": 0 }),
    areas(theme),
    labels(theme),
  ];
  return {
    version: 8,
    sources: {
      world: { type: "geojson", data: WORLD, tolerance: 0.2 },
      zones: { type: "geojson", data: NOTHING, tolerance: 0.2 },
      labels: { type: "geojson", data: NOTHING },
      areas: { type: "geojson", data: NOTHING },
    },
    layers,
  } as unknown as StyleSpecification;
}

function part(id: string, type: string, paint: object): object {
  return { id, type, source: "world", filter: ["==", ["get", "part"], id], paint };
}

function zones(id: string, type: string, filter: unknown, paint: object): object {
  return { id, type, source: "zones", ...(filter === null ? {} : { filter }), paint };
}

function pattern(id: string, filter: unknown, image: unknown): object {
  return zones(id, "fill", filter, { "fill-pattern": image });
}

/** From this zoom on a zone is big enough to carry its name and stage in words. */
const WORDS_ZOOM = 6.3;
const FONT = ["system-ui"];

/**
 * The sign of the stage on each warned zone, its words from `WORDS_ZOOM` on. Letters come from
 * the device's own fonts: there is no glyph server, and no need for one.
 */
function labels({ text, halo }: Theme): object {
  return {
    id: "labels",
    type: "symbol",
    source: "labels",
    layout: {
      "icon-image": ["concat", "sign-", ["get", "look"]],
      "icon-size": growing(0.75, 1),
      "icon-padding": 0,
      "text-field": ["step", ["zoom"], "", WORDS_ZOOM, ["get", "label"]],
      "text-font": FONT,
      "text-size": 13,
      "text-max-width": 10,
      "text-anchor": "top",
      "text-offset": [0, 0.9],
      "text-optional": true,
      "symbol-sort-key": ["get", "order"],
    },
    paint: { "text-color": text, "text-halo-color": halo, "text-halo-width": 2 },
  };
}

/** Names of the admin-1 areas, quiet, for orientation; a warning's label always wins. */
function areas({ soft, halo }: Theme): object {
  return {
    id: "areas",
    type: "symbol",
    source: "areas",
    minzoom: 4.8,
    layout: {
      "text-field": ["get", "label"],
      "text-font": FONT,
      "text-size": 11,
      "text-max-width": 8,
    },
    paint: { "text-color": soft, "text-halo-color": halo, "text-halo-width": 1.5 },
  };
}
