import { MemoryStorage } from "./storage.ts";
import { storageContract } from "./testing/storage-contract.ts";

storageContract("MemoryStorage", async () => {
  const storage = new MemoryStorage();
  return {
    storage,
    write: async ({ hardState, entries, snapshot }) => {
      if (snapshot) storage.applySnapshot(snapshot);
      if (hardState) storage.setHardState(hardState);
      storage.append(entries);
    },
    saveSnapshot: async (snapshot, entriesKept) => {
      storage.setSnapshot(snapshot);
      storage.compact(Math.max(snapshot.index - entriesKept, storage.firstIndex() - 1));
    },
    dispose: async () => {},
  };
});
