/** Randomness as a port, so that a seed can stand behind a whole cluster. */
export interface Random {
  bytes(length: number): Buffer;
  uuid(): string;
  /** Whole number in [0, bound). */
  below(bound: number): number;
}
