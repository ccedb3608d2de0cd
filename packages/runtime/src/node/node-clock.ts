import type { Clock } from "../clock.ts";

/** The machine's clock. */
export const nodeClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  after: (ms, call) => {
    const timer = setTimeout(call, ms).unref();
    return { cancel: () => clearTimeout(timer) };
  },
  every: (ms, call) => {
    const timer = setInterval(call, ms).unref();
    return { cancel: () => clearInterval(timer) };
  },
};
