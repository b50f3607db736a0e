/**
 * How a stage looks: colour, pattern and sign, never the colour alone. One table for map, list
 * and legend. White on each dark fill, and black on yellow, has a contrast of at least 4.5 : 1.
 */
import type { Stage } from "./model.ts";

export type Motif =
  "stripes" | "cross" | "wide" | "dots" | "plus" | "lines" | "hatch" | "bars" | "rings";
export type Look = Exclude<Stage, "none"> | "blind";

export interface Style {
  readonly fill: string;
  readonly ink: string;
  readonly motif: Motif;
  /** SVG path in a 24 x 24 box: the shape alone tells the stages apart. */
  readonly sign: string;
}

export const LOOKS: Readonly<Record<Look, Style>> = {
  take_cover: {
    fill: "#c8102e",
    ink: "#ffffff",
    motif: "stripes",
    sign: "M8 2h8l6 6v8l-6 6H8l-6-6V8zM10.7 6l.5 8h1.6l.5-8zM12 15.6a1.4 1.4 0 1 0 0 2.8 1.4 1.4 0 0 0 0-2.8z",
  },
  stay: {
    fill: "#7b2fa8",
    ink: "#ffffff",
    motif: "cross",
    sign: "M12 2.5 1.5 11.5l1.3 1.5L5 11.1V21h14v-9.9l2.2 1.9 1.3-1.5zM10 14h4v5h-4z",
  },
  early: {
    fill: "#b84a00",
    ink: "#ffffff",
    motif: "wide",
    sign: "M12 2 1 21.5h22zM11 9l.4 6h1.2l.4-6zM12 16.3a1.2 1.2 0 1 0 0 2.4 1.2 1.2 0 0 0 0-2.4z",
  },
  standing: {
    fill: "#7a4a12",
    ink: "#ffffff",
    motif: "bars",
    sign: "M6 2h12v3l-4.5 7 4.5 7v3H6v-3l4.5-7L6 5zM9 5l3 4.6L15 5zM12 14.4 9 19h6z",
  },
  notice: {
    fill: "#1f5fa8",
    ink: "#ffffff",
    motif: "rings",
    sign: "M12 1.5a10.5 10.5 0 1 0 0 21 10.5 10.5 0 0 0 0-21zM11 10.5h2V18h-2zM12 5.8a1.4 1.4 0 1 1 0 2.8 1.4 1.4 0 0 1 0-2.8z",
  },
  stand_by: {
    fill: "#ffcf33",
    ink: "#14171c",
    motif: "dots",
    sign: "M12 1 1 12l11 11 11-11zM11.1 6h1.8v6.2l3.6 3.6-1.3 1.3-4.1-4.2z",
  },
  all_clear: {
    fill: "#0b7541",
    ink: "#ffffff",
    motif: "plus",
    sign: "M12 1.5a10.5 10.5 0 1 0 0 21 10.5 10.5 0 0 0 0-21zM5.8 12.3l1.5-1.5 3.2 3.2 6.3-6.3 1.5 1.5-7.8 7.8z",
  },
  cancelled: {
    fill: "#4a5563",
    ink: "#ffffff",
    motif: "lines",
    sign: "M12 1.5a10.5 10.5 0 1 0 0 21 10.5 10.5 0 0 0 0-21zM7.5 9 9 7.5l3 3 3-3L16.5 9l-3 3 3 3-1.5 1.5-3-3-3 3L7.5 15l3-3z",
  },
  blind: {
    fill: "#6b7480",
    ink: "#ffffff",
    motif: "hatch",
    sign: "M3.5 2 2 3.5l4 4C3.5 9 2 12 2 12s3.5 6.5 10 6.5c1.8 0 3.3-.5 4.6-1.2l3.9 3.9 1.5-1.5zM12 5.5c-1 0-2 .2-2.9.4l2 2A4.1 4.1 0 0 1 16.1 12.9l2.6 2.6C20.8 13.9 22 12 22 12s-3.5-6.5-10-6.5z",
  },
};

const TILE = 16;

/**
 * One tile of the pattern, drawn at twice its size for sharp screens; tiles meet seamlessly,
 * because lines run past the edges and the pattern repeats every `TILE` pixels.
 */
export function tile(look: Look, ground: number, stroke: string): ImageData {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 2 * TILE;
  const pen = canvas.getContext("2d");
  if (pen === null) return new ImageData(2 * TILE, 2 * TILE);
  pen.scale(2, 2);
  const { fill, motif } = LOOKS[look];
  pen.globalAlpha = ground;
  pen.fillStyle = fill;
  pen.fillRect(0, 0, TILE, TILE);
  pen.globalAlpha = 1;
  pen.strokeStyle = pen.fillStyle = stroke;
  MOTIFS[motif](pen);
  return pen.getImageData(0, 0, 2 * TILE, 2 * TILE);
}

const BADGE = 22;

/** The sign of a stage on a square of its colour, for the map. */
export function badge(look: Look): ImageData {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 2 * BADGE;
  const pen = canvas.getContext("2d");
  if (pen === null) return new ImageData(2 * BADGE, 2 * BADGE);
  const { fill, ink, sign } = LOOKS[look];
  pen.scale((2 * BADGE) / 28, (2 * BADGE) / 28);
  pen.fillStyle = fill;
  pen.beginPath();
  pen.roundRect(0.5, 0.5, 27, 27, 6);
  pen.fill();
  pen.strokeStyle = pen.fillStyle = ink;
  pen.stroke();
  pen.translate(5, 5);
  pen.scale(0.75, 0.75);
  pen.fill(new Path2D(sign), "evenodd");
  return pen.getImageData(0, 0, 2 * BADGE, 2 * BADGE);
}

type Pen = CanvasRenderingContext2D;

const MOTIFS: Readonly<Record<Motif, (pen: Pen) => void>> = {
  stripes: (pen) => diagonals(pen, [-16, -8, 0, 8, 16], 2.5, 1),
  cross: (pen) => {
    diagonals(pen, [-16, 0, 16], 1.5, 1);
    diagonals(pen, [0, 16, 32], 1.5, -1);
  },
  wide: (pen) => diagonals(pen, [0, 16, 32], 2.5, -1),
  dots: (pen) => {
    for (const [x, y] of [
      [4, 4],
      [12, 12],
    ] as const) {
      pen.beginPath();
      pen.arc(x, y, 1.8, 0, 7);
      pen.fill();
    }
  },
  plus: (pen) => {
    pen.fillRect(7, 4, 2, 8);
    pen.fillRect(4, 7, 8, 2);
  },
  lines: (pen) => {
    pen.fillRect(0, 3, TILE, 1.5);
    pen.fillRect(0, 11, TILE, 1.5);
  },
  bars: (pen) => {
    pen.fillRect(3, 0, 1.5, TILE);
    pen.fillRect(11, 0, 1.5, TILE);
  },
  rings: (pen) => {
    pen.lineWidth = 1;
    pen.beginPath();
    pen.arc(8, 8, 4, 0, 7);
    pen.stroke();
  },
  hatch: (pen) => diagonals(pen, [-16, -8, 0, 8, 16], 0.8, 1),
};

/** Parallel lines at 45 degrees that start at each `x` of the upper edge. */
function diagonals(pen: Pen, starts: readonly number[], width: number, slope: 1 | -1): void {
  pen.lineWidth = width;
  for (const x of starts) {
    pen.beginPath();
    pen.moveTo(x - slope * TILE, -TILE);
    pen.lineTo(x + slope * 2 * TILE, 2 * TILE);
    pen.stroke();
  }
}
