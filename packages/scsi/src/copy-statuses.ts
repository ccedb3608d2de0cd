// What became of the last EXTENDED COPY of each nexus, for RECEIVE COPY STATUS (SPC-4 6.27): one
// entry for each nexus, kept until the next copy or until the nexus is lost.

/** COPY MANAGER STATUS. */
export const COPY_STATE = { inProgress: 0, done: 1, failed: 2 } as const;
export type CopyState = (typeof COPY_STATE)[keyof typeof COPY_STATE];

export interface CopyStatus {
  readonly listId: number;
  readonly state: CopyState;
  readonly segmentsDone: number;
  readonly bytesDone: number;
}

const NOTHING_YET = { state: COPY_STATE.inProgress, segmentsDone: 0, bytesDone: 0 } as const;

export class CopyStatuses {
  private readonly byNexus = new Map<string, CopyStatus>();

  begin(nexus: string, listId: number): void {
    this.byNexus.set(nexus, { listId, ...NOTHING_YET });
  }

  /** Unless another copy of the nexus began meanwhile, or the nexus was lost. */
  update(nexus: string, status: CopyStatus): void {
    if (this.find(nexus, status.listId)) this.byNexus.set(nexus, status);
  }

  find(nexus: string, listId: number): CopyStatus | undefined {
    const status = this.byNexus.get(nexus);
    return status?.listId === listId ? status : undefined;
  }

  forget(nexus: string): void {
    this.byNexus.delete(nexus);
  }
}
