// The timeline of one volume as SVG: a row for all paths together and one for each path, with what completed, where
// everything stood still, where there was no session, and the faults across all of them. Colours come from the page,
// so that it is right in light, in dark and on paper; each mark says in words what it is.
import type { Impact, ImpactEvent, ImpactSeries } from "../faults/impact.ts";
import type { Stall } from "../faults/stall-meter.ts";
import { secondsText } from "./impact-text.ts";
import { type Markup, markup, NOTHING } from "./markup.ts";

const WIDTH = 720;
const LEFT = 8;
const RIGHT = 8;
const ROW_HEIGHT = 72;
const LABEL_HEIGHT = 26;
const TOP = 22;
const AXIS_HEIGHT = 24;
/** Narrower marks could not be seen. */
const MARK_MIN = 2;
const TICKS_MAX = 9;
const TICK_STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600];

type Scale = (atMs: number) => number;

const fixed = (value: number): string => value.toFixed(1);

function scaleTo(endMs: number): Scale {
  const span = Math.max(1, endMs);
  return (atMs) => LEFT + (Math.min(Math.max(0, atMs), span) / span) * (WIDTH - LEFT - RIGHT);
}

/** Seconds between ticks so that a few fit. Pure. */
export function tickStep(endMs: number): number {
  const wanted = endMs / 1_000 / TICKS_MAX;
  return TICK_STEPS_S.find((step) => step >= wanted) ?? TICK_STEPS_S.at(-1) ?? 1;
}

interface Band {
  readonly fromMs: number;
  readonly toMs: number;
  readonly round: number;
  readonly text: string;
}

/** Faults with their ends: one without an end lasts to the end of the drill. Pure. */
export function bandsOf(events: readonly ImpactEvent[], endMs: number): Band[] {
  return events
    .filter(({ kind }) => kind === "fault")
    .map(({ atMs, round, text }) => {
      const repair = events.find((one) => one.kind === "repair" && one.round === round);
      return { fromMs: atMs, toMs: repair?.atMs ?? endMs, round, text };
    });
}

const span = (x: Scale, fromMs: number, toMs: number) => {
  const from = x(fromMs);
  return { x: fixed(from), width: fixed(Math.max(MARK_MIN, x(toMs) - from)) };
};

function mark(x: Scale, stall: Stall, shape: { y: number; height: number; kind: string }): Markup {
  const { x: from, width } = span(x, stall.atMs, stall.atMs + stall.ms);
  const text = `${shape.kind === "down" ? "no session" : "nothing answered"} for ${secondsText(stall.ms)}, from ${secondsText(stall.atMs)} on`;
  return markup`<rect class="${shape.kind}" x="${from}" y="${shape.y}" width="${width}" height="${shape.height}"><title>${text}</title></rect>`;
}

/** One path for all: a receipt has some thousand of them. */
function bars(x: Scale, { timeline }: ImpactSeries, bottom: number, height: number): Markup {
  const { bucketMs, completed } = timeline;
  const most = Math.max(1, ...completed);
  const outline = completed.flatMap((count, bucket) => {
    if (count === 0) return [];
    const { x: from, width } = span(x, bucket * bucketMs, (bucket + 1) * bucketMs);
    return [`M${from} ${bottom}v${fixed((-count / most) * height)}h${width}V${bottom}`];
  });
  return markup`<path class="done" d="${outline.join("")}"/>`;
}

function row(x: Scale, series: ImpactSeries, top: number): Markup {
  const bottom = top + ROW_HEIGHT;
  const height = ROW_HEIGHT - LABEL_HEIGHT;
  const strip = { y: bottom - height, height };
  return markup`<g>
<text class="label" x="${LEFT}" y="${top + LABEL_HEIGHT - 5}">${series.path}: longest stall ${secondsText(series.longest.ms)}</text>
<rect class="row" x="${LEFT}" y="${strip.y}" width="${WIDTH - LEFT - RIGHT}" height="${height}"/>
${series.down.map((one) => mark(x, one, { ...strip, kind: "down" }))}
${bars(x, series, bottom, height - 4)}
${series.stalls.map((one) => mark(x, one, { ...strip, kind: "stall" }))}
</g>`;
}

function axis(x: Scale, endMs: number, y: number): Markup {
  const step = tickStep(endMs);
  const count = Math.floor(endMs / 1_000 / step) + 1;
  const ticks = Array.from({ length: count }, (_, at) => at * step).map((second) => {
    const at = fixed(x(second * 1_000));
    const anchor = second === 0 ? "start" : "middle";
    return markup`<line class="tick" x1="${at}" x2="${at}" y1="${TOP}" y2="${y + 4}"/><text class="tick-label" x="${at}" y="${y + 17}" text-anchor="${anchor}">${second} s</text>`;
  });
  return markup`<g>${ticks}</g>`;
}

function faultBand(x: Scale, { fromMs, toMs, round, text }: Band, bottom: number): Markup {
  const { x: from, width } = span(x, fromMs, toMs);
  const title = `round ${round}: ${text}, from ${secondsText(fromMs)} to ${secondsText(toMs)}`;
  return markup`<g><rect class="fault" x="${from}" y="${TOP - 4}" width="${width}" height="${bottom - TOP + 4}"><title>${title}</title></rect>
<text class="fault-label" x="${from}" y="${TOP - 8}">fault ${round}</text></g>`;
}

function wholeLine(x: Scale, { kind, atMs, round }: ImpactEvent, bottom: number): Markup {
  if (kind !== "whole") return NOTHING;
  const at = fixed(x(atMs));
  return markup`<line class="whole" x1="${at}" x2="${at}" y1="${TOP - 4}" y2="${bottom}"><title>no copy is missing after round ${round}, at ${secondsText(atMs)}</title></line>`;
}

/** @param volume the name of one of the volumes. */
export function timelineChart(impact: Impact, volume: string): Markup {
  const series = impact.series.filter((one) => one.volume === volume);
  const { events, endedMs } = impact;
  const lastMs = Math.max(
    ...series.map(({ timeline }) => timeline.bucketMs * timeline.completed.length),
    ...events.map(({ atMs }) => atMs),
    1_000,
  );
  const endMs = Math.min(Math.max(endedMs, 1_000), lastMs);
  const x = scaleTo(endMs);
  const bottom = TOP + series.length * ROW_HEIGHT;
  const title = `What completed on ${volume} over ${secondsText(endMs)}, with ${events.filter(({ kind }) => kind === "fault").length} faults`;
  return markup`<svg viewBox="0 0 ${WIDTH} ${bottom + AXIS_HEIGHT}" role="img" aria-label="${title}">
${bandsOf(events, endMs).map((band) => faultBand(x, band, bottom))}
${axis(x, endMs, bottom)}
${series.map((one, at) => row(x, one, TOP + at * ROW_HEIGHT))}
${events.map((event) => wholeLine(x, event, bottom))}
</svg>`;
}
