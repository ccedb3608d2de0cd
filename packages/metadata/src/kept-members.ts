// Nodes that are down and perhaps still in sync with chunks of which nobody else lived when they fell silent
// (P16). As soon as another node lives their members are not needed any more and keep hosts waiting, so they
// are declared down once more: at once where the other was only late, and after a while where it came back,
// since after a loss of power they are on their way as well. Pure: time is an argument.
import type { NodeId } from "@ashlar/core";

/** What the others have to come back once one did. */
const RETURN_MS = 2_000;

export class KeptMembers {
  /** When each is to be looked at; never, until something happens. */
  private readonly lookMs = new Map<NodeId, number>();

  /** One that was down before: the others have to be heard first. */
  wasDown(node: NodeId, nowMs: number): void {
    this.lookMs.set(node, nowMs + RETURN_MS);
  }

  /** Somebody may have been heard since it was decided. */
  fell(node: NodeId, nowMs: number): void {
    this.lookMs.set(node, nowMs);
  }

  /** It is back, and the others that are down may be soon. */
  returned(node: NodeId, nowMs: number): void {
    this.lookMs.delete(node);
    for (const [other, knownMs] of this.lookMs) {
      const isSoon = knownMs > nowMs && knownMs < nowMs + RETURN_MS;
      if (!isSoon) this.lookMs.set(other, nowMs + RETURN_MS);
    }
  }

  /** A node that counted as silent was only late. */
  heardAgain(nowMs: number): void {
    for (const node of this.lookMs.keys()) this.lookMs.set(node, nowMs);
  }

  /** Those to be looked at now; each is told once. */
  due(nowMs: number): readonly NodeId[] {
    const due = [...this.lookMs].filter(([, atMs]) => atMs <= nowMs).map(([node]) => node);
    for (const node of due) this.lookMs.set(node, Number.POSITIVE_INFINITY);
    return due;
  }
}
