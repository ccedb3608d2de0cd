// Chance from a seed: whatever a simulation draws comes from one such source, so a seed is a whole run.

/** Whole numbers from 0 up to and without `bound`: the same for the same seed (mulberry32). */
export type Draw = (bound: number) => number;

export function seededDraw(seed: number): Draw {
  let state = seed >>> 0;
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

/** From `low` up to and with `high`. */
export const between = (draw: Draw, low: number, high: number): number =>
  low + draw(high - low + 1);

export const chance = (draw: Draw, perMille: number): boolean => draw(1000) < perMille;

export const pick = <T>(draw: Draw, choices: readonly T[]): T => choices[draw(choices.length)]!;

/** Around `mean`, never 0: from a tenth of it to nearly twice. */
export const around = (draw: Draw, mean: number): number =>
  Math.max(1, between(draw, Math.floor(mean / 10), Math.ceil(mean * 1.9)));
