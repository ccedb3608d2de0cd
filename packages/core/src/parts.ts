// What becomes of a command that is done in parts, when some of them fail. "Reserved" says that nothing was done: of the
// whole it is true only if it is of every part (P11).
import { hasCode, SystemError } from "./errors.ts";

export class PartEnds {
  private failure: { readonly thrown: unknown } | undefined;
  private mayBeDone = false;

  add(end: PromiseSettledResult<unknown>): void {
    if (end.status === "fulfilled") {
      this.mayBeDone = true;
      return;
    }
    this.failure ??= { thrown: end.reason };
    this.mayBeDone ||= !hasCode(end.reason, "volume/reserved");
  }

  get hasFailed(): boolean {
    return this.failure !== undefined;
  }

  /**
   * When all that began have ended.
   * @throws what failed first, if anything did; SystemError cluster/unavailable when that is volume/reserved and another
   * part was done, or may have been.
   */
  settle(): void {
    if (!this.failure) return;
    const { thrown } = this.failure;
    if (!this.mayBeDone || !hasCode(thrown, "volume/reserved")) throw thrown;
    throw new SystemError("cluster/unavailable", "reserved when a part was done", {}, thrown);
  }
}
