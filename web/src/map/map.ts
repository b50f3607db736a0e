/**
 * The map: zones in the colour, pattern and words of their stage over an offline base map.
 *
 * Loaded after the list and only where WebGL 2 works; the page is complete without it.
 */
import { AttributionControl, Map as GlMap, NavigationControl, setWorkerUrl } from "maplibre-gl";
import type { GeoJSONSource } from "maplibre-gl";
import "maplibre-gl/dist/maplibre-gl.css";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import type { Feature } from "geojson";
import { holds, union, type Bounds } from "../atlas.ts";
import { groups } from "../fold.ts";
import { badge, LOOKS, tile, type Look } from "../looks.ts";
import type { Zone } from "../model.ts";
import { areaName, t, zoneName, type Context } from "../view/context.ts";
import { DARK, LIGHT, mapStyle } from "./style.ts";

/** Labels drawn at once; the most urgent in view come first. */
const LABELS_MAX = 60;
/** How much of the pattern's ground shows: the borders below must stay visible. */
const GROUND = 0.72;
const BLIND_GROUND = 0.1;
const PADDING_PX = 28;

const dark = window.matchMedia("(prefers-color-scheme: dark)");
const still = window.matchMedia("(prefers-reduced-motion: reduce)");

export class ZoneMap {
  private readonly map: GlMap;
  private context: Context | null = null;
  private drawnFrom = "";
  private framed = false;
  private followed: Bounds | null = null;
  private moved = false;
  private ready = false;

  constructor(container: HTMLElement, picked: (id: string) => void) {
    setWorkerUrl(new URL(workerUrl, import.meta.url).href);
    this.map = new GlMap({
      container,
      style: mapStyle(dark.matches ? DARK : LIGHT),
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      maxZoom: 13,
      fadeDuration: 0,
      renderWorldCopies: false,
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.keyboard.disableRotation();
    const attribution = "Natural Earth / visionscarto";
    this.map.addControl(new AttributionControl({ customAttribution: attribution, compact: false }));
    this.map.addControl(new NavigationControl({ showCompass: false }), "top-left");
    this.map.on("styledata", () => this.addPatterns());
    this.map.on("load", () => this.begin());
    this.map.once("idle", () => (document.documentElement.dataset.map = "ready"));
    this.map.on("moveend", () => this.drawLabels());
    for (const moved of ["dragstart", "zoomstart"] as const) {
      this.map.on(moved, ({ originalEvent }) => (this.moved ||= originalEvent !== undefined));
    }
    this.map.on("click", "zones-hit", ({ features }) => {
      const id: unknown = features?.[0]?.properties?.id;
      if (typeof id === "string") picked(id);
    });
    dark.addEventListener("change", () => this.restyle());
  }

  draw(context: Context): void {
    this.context = context;
    if (this.ready) this.redraw();
  }

  /** Moves the view to one zone and outlines it; "" takes the outline away. */
  show(id: string, move: boolean): void {
    const place = this.context?.atlas.places.get(id);
    if (this.ready) this.map.setFilter("zones-chosen", ["==", ["get", "id"], id]);
    if (!move || place === undefined) return;
    this.moved = true;
    this.map.fitBounds([...place.bounds], { padding: 90, maxZoom: 9, animate: !still.matches });
  }

  private begin(): void {
    this.ready = true;
    this.redraw();
  }

  private restyle(): void {
    this.ready = false;
    this.drawnFrom = "";
    this.map.once("style.load", () => this.begin());
    this.map.setStyle(mapStyle(dark.matches ? DARK : LIGHT), { diff: false });
  }

  private addPatterns(): void {
    const theme = dark.matches ? DARK : LIGHT;
    for (const look of Object.keys(LOOKS) as Look[]) {
      if (this.map.hasImage(look)) continue;
      const blind = look === "blind";
      const stroke = blind ? theme.blind : LOOKS[look].ink;
      const image = tile(look, blind ? BLIND_GROUND : GROUND, withAlpha(stroke, blind ? 1 : 0.45));
      this.map.addImage(look, image, { pixelRatio: 2 });
      this.map.addImage(`sign-${look}`, badge(look), { pixelRatio: 2 });
    }
  }

  private redraw(): void {
    const c = this.context;
    if (c === null || c.atlas.places.size === 0) return;
    const looks = new Map(c.feed.state?.zones.map((zone) => [zone.id, zone.stage]));
    const from = JSON.stringify([c.lang, [...looks], [...c.unwatched.keys()]]);
    if (from === this.drawnFrom) return;
    this.drawnFrom = from;
    const features = c.atlas.outlines.features.map((feature): Feature => {
      const { id, parent } = feature.properties as { id: string; parent: string };
      const look = looks.get(id) ?? "none";
      const blind = look === "none" && c.unwatched.has(parent);
      return { type: "Feature", geometry: feature.geometry, properties: { id, look, blind } };
    });
    void this.source("zones").setData({ type: "FeatureCollection", features });
    void this.source("areas").setData({ type: "FeatureCollection", features: areaLabels(c) });
    this.frame(c);
    this.follow(c);
    this.drawLabels();
  }

  /** Shows the whole country once; later the view is the reader's. */
  private frame(c: Context): void {
    if (this.framed) return;
    this.framed = true;
    const bounds = [...c.atlas.places.values()].map((place) => place.bounds).reduce(union);
    this.map.fitBounds([...bounds], { padding: PADDING_PX, animate: false });
    const [west, south, east, north] = grown(bounds);
    this.map.setMaxBounds([west, south, east, north]);
  }

  /** Keeps every warned zone in view, until the reader moves the map himself. */
  private follow(c: Context): void {
    const warned = (c.feed.state?.zones ?? []).flatMap((zone) => {
      const place = c.atlas.places.get(zone.id);
      return place === undefined ? [] : [place.bounds];
    });
    if (this.moved || warned.length === 0) return;
    const bounds = warned.reduce(union);
    if (this.followed !== null && holds(this.followed, bounds)) return;
    this.followed = bounds;
    const animate = !still.matches;
    this.map.fitBounds([...bounds], { padding: PADDING_PX * 2, maxZoom: 8.5, animate });
  }

  private drawLabels(): void {
    const c = this.context;
    if (!this.ready || c === null) return;
    const view = this.map.getBounds();
    const urgent = groups(c.feed.state?.zones ?? []).flatMap((group) => group.zones);
    const seen = urgent.filter((zone) => {
      const [lon = 0, lat = 0] = c.atlas.places.get(zone.id)?.middle ?? [];
      return c.atlas.places.has(zone.id) && view.contains([lon, lat]);
    });
    const features = seen.slice(0, LABELS_MAX).map((zone, order) => label(c, zone, order));
    void this.source("labels").setData({ type: "FeatureCollection", features });
  }

  private source(id: string): GeoJSONSource {
    return this.map.getSource(id) as GeoJSONSource;
  }
}

function label(c: Context, zone: Zone, order: number): Feature {
  const words = `${zoneName(c, zone.id, zone.names)[0]}\n${t(c, `stage.${zone.stage}`)}`;
  const coordinates = [...(c.atlas.places.get(zone.id)?.middle ?? [])];
  return {
    type: "Feature",
    geometry: { type: "Point", coordinates },
    properties: { label: words, look: zone.stage, order },
  };
}

/** One quiet name for each admin-1 area that has one, amid its zones. */
function areaLabels(c: Context): Feature[] {
  return [...c.atlas.parents.keys()].flatMap((parent): Feature[] => {
    const inside = [...c.atlas.places.values()].filter((place) => place.parent === parent);
    if (inside.length === 0) return [];
    const [west, south, east, north] = inside.map((place) => place.bounds).reduce(union);
    const coordinates = [(west + east) / 2, (south + north) / 2];
    const properties = { label: areaName(c, parent)[0] };
    return [{ type: "Feature", geometry: { type: "Point", coordinates }, properties }];
  });
}

function withAlpha(hex: string, alpha: number): string {
  const two = Math.round(alpha * 255)
    .toString(16)
    .padStart(2, "0");
  return hex + two;
}

/** Room to look around the country, not around the world. */
function grown([west, south, east, north]: Bounds): Bounds {
  const [dx, dy] = [(east - west) * 1.5 + 2, (north - south) * 1.5 + 2];
  const [low, high] = [Math.max(-85, south - dy), Math.min(85, north + dy)];
  return [Math.max(-180, west - dx), low, Math.min(180, east + dx), high];
}
