/** The zone outlines of `/v1/zones.geojson`: names, areas and bounds, fetched once. */
import type { Feature, FeatureCollection, Geometry, Position } from "geojson";
import { get } from "./feed.ts";
import { names, type Names } from "./model.ts";

export type Bounds = readonly [west: number, south: number, east: number, north: number];

export interface Place {
  readonly id: string;
  readonly names: Names;
  readonly parent: string;
  readonly shelter_s: number | null;
  readonly bounds: Bounds;
  /** Where its label goes: the middle of its largest outline. */
  readonly middle: Position;
}

export interface Atlas {
  readonly places: ReadonlyMap<string, Place>;
  /** Names of the admin-1 areas, where the server gives them (member `parents`). */
  readonly parents: ReadonlyMap<string, Names>;
  readonly outlines: FeatureCollection;
}

export const EMPTY: Atlas = {
  places: new Map(),
  parents: new Map(),
  outlines: { type: "FeatureCollection", features: [] },
};

export async function fetchAtlas(): Promise<Atlas> {
  const answer = await get("v1/zones.geojson", {});
  if (!answer.ok) throw new Error(`zones ${answer.status}`);
  return readAtlas((await answer.json()) as FeatureCollection & { parents?: unknown });
}

export function readAtlas(outlines: FeatureCollection & { parents?: unknown }): Atlas {
  const places = new Map<string, Place>();
  for (const feature of outlines.features) {
    const place = readPlace(feature);
    if (place !== null) places.set(place.id, place);
  }
  const parents = Object.entries((outlines.parents ?? {}) as Record<string, unknown>);
  return { places, parents: new Map(parents.map(([id, known]) => [id, names(known)])), outlines };
}

function readPlace(feature: Feature): Place | null {
  const { id, parent, shelter_s, names: known } = feature.properties ?? {};
  const largest = outerRings(feature.geometry).sort((a, b) => area(b) - area(a))[0];
  if (typeof id !== "string" || largest === undefined) return null;
  return {
    id,
    names: names(known),
    parent: typeof parent === "string" ? parent : "",
    shelter_s: typeof shelter_s === "number" ? shelter_s : null,
    bounds: outerRings(feature.geometry).map(boundsOf).reduce(union),
    middle: middle(largest),
  };
}

function outerRings(geometry: Geometry): Position[][] {
  if (geometry.type === "Polygon") return geometry.coordinates.slice(0, 1);
  if (geometry.type !== "MultiPolygon") return [];
  return geometry.coordinates.flatMap((polygon) => polygon.slice(0, 1));
}

export function boundsOf(ring: readonly Position[]): Bounds {
  const lon = ring.map(([x = 0]) => x);
  const lat = ring.map(([, y = 0]) => y);
  return [Math.min(...lon), Math.min(...lat), Math.max(...lon), Math.max(...lat)];
}

export function union(a: Bounds, b: Bounds): Bounds {
  const [west, south] = [Math.min(a[0], b[0]), Math.min(a[1], b[1])];
  return [west, south, Math.max(a[2], b[2]), Math.max(a[3], b[3])];
}

/** Whether `inner` lies within `outer`. */
export function holds(outer: Bounds, inner: Bounds): boolean {
  const [west, south, east, north] = union(outer, inner);
  return west === outer[0] && south === outer[1] && east === outer[2] && north === outer[3];
}

function area(ring: readonly Position[]): number {
  const [west, south, east, north] = boundsOf(ring);
  return (east - west) * (north - south);
}

/** Centroid of the outline (shoelace formula); the middle of its box when it has no area. */
export function middle(ring: readonly Position[]): Position {
  let [twice, x, y] = [0, 0, 0];
  for (let i = 0; i + 1 < ring.length; i += 1) {
    const [[ax = 0, ay = 0], [bx = 0, by = 0]] = [ring[i] as Position, ring[i + 1] as Position];
    const cross = ax * by - bx * ay;
    twice += cross;
    x += (ax + bx) * cross;
    y += (ay + by) * cross;
  }
  const [west, south, east, north] = boundsOf(ring);
  if (Math.abs(twice) < 1e-9) return [(west + east) / 2, (south + north) / 2];
  return [x / (3 * twice), y / (3 * twice)];
}
