/** Colours and patterns of the map in words; also gives the style sheet its colours. */
import { URGENCY } from "../fold.ts";
import { LOOKS, tile, type Look } from "../looks.ts";
import { t, type Context } from "./context.ts";
import { byId, h, put } from "./dom.ts";

/** Colours as CSS variables, so that there is one table for the map and the list. */
export function paintVariables(): void {
  const { style } = document.documentElement;
  for (const [look, { fill, ink }] of Object.entries(LOOKS)) {
    style.setProperty(`--${look}`, fill);
    style.setProperty(`--${look}-ink`, ink);
  }
}

export function drawLegend(c: Context): void {
  put(byId("legend-title"), t(c, "map.legend"));
  const looks = [...URGENCY, "blind"] as Look[];
  const rows = looks.map((look) => {
    const words = look === "blind" ? t(c, "blind.title") : t(c, `stage.${look}`);
    return h("li", {}, swatch(look), words);
  });
  byId("legend-list").replaceChildren(...rows);
}

function swatch(look: Look): HTMLElement {
  const canvas = h("canvas", { class: "swatch", width: 32, height: 32, "aria-hidden": "true" });
  const stroke = look === "blind" ? LOOKS.blind.fill : LOOKS[look].ink;
  const image = tile(look, look === "blind" ? 0.15 : 1, stroke);
  canvas.getContext("2d")?.putImageData(image, 0, 0);
  return canvas;
}
