// What was copied between nodes during a drill, from their own counters: asked again and again, since those of a
// process that dies are lost with it.
import type { Clock, Timer } from "@ashlar/runtime";
import type { DrillSite } from "../site/drill-site.ts";
import type { Impact } from "./impact.ts";

const METRIC = /^ashlar_storage_resync_bytes(?:\{[^}]*\})? (\S+)$/gm;

/** Bytes copied as one process counts them, those sent and those received; undefined when it does not say. Pure. */
export function countedBytes(metrics: string): number | undefined {
  const values = [...metrics.matchAll(METRIC)].map(([, value]) => Number(value));
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
}

export class CopiedBytes {
  private readonly site: DrillSite;
  private readonly timer: Timer;
  private readonly ended = new AbortController();
  private readonly last = new Map<string, number>();
  private asking: Promise<void> | undefined;
  private counted = 0;

  constructor(
    { site, clock }: { readonly site: DrillSite; readonly clock: Clock },
    { pollMs }: { readonly pollMs: number },
  ) {
    this.site = site;
    this.timer = clock.every(pollMs, () => {
      this.asking ??= this.look().finally(() => {
        this.asking = undefined;
      });
    });
  }

  /** What every process has counted so far is from before. */
  async begin(): Promise<void> {
    await this.look();
    this.counted = 0;
  }

  async end(): Promise<Impact["copied"]> {
    this.timer.cancel();
    await this.asking;
    await this.look();
    this.ended.abort();
    const processes = this.last.size;
    if (processes === 0) return { bytes: null, source: "no storage process showed its metrics" };
    const source =
      `the metric ashlar_storage_resync_bytes of ${processes} storage processes, asked every second; ` +
      "halved, since its sender and its receiver count each byte";
    return { bytes: Math.round(this.counted / 2), source };
  }

  private async look(): Promise<void> {
    const { signal } = this.ended;
    try {
      const storage = (await this.site.processes({ signal })).filter(
        ({ kind, running }) => kind === "storage" && running,
      );
      await Promise.all(storage.map(({ id }) => this.ask(id)));
    } catch {
      // The site is busy with the fault: what is asked next tells.
    }
  }

  private async ask(id: string): Promise<void> {
    const text = await this.site.metrics(id, { signal: this.ended.signal });
    const bytes = text === undefined ? undefined : countedBytes(text);
    if (bytes === undefined) return;
    const before = this.last.get(id) ?? 0;
    // A process that was started again counts from nothing.
    this.counted += bytes >= before ? bytes - before : bytes;
    this.last.set(id, bytes);
  }
}
