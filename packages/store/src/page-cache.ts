// Which checksums of chunk content are in memory. All of them are 1 GiB for each TiB of data, so a store
// keeps those of the pages that were used last, up to a limit, and reads the others from their pages
// when a read, a check or a checkpoint needs them. What changed since the last checkpoint stays; when
// that is much, a checkpoint is due.
//
// The maps of the pages (places, units, LSNs) are always in memory, cut from large pieces: they decide in one
// turn what the log and the allocator do.
import { assert, type ChunkId, type SystemError } from "@ashlar/core";
import type { DiskFile } from "@ashlar/runtime";
import type { PagePlace } from "./directory.ts";
import { BLOCK_SIZE, corrupt, type Layout } from "./format.ts";
import {
  CHECKSUM_BYTES,
  decodePage,
  MAP_WORDS,
  type MapPlace,
  Page,
  type PageBlock,
} from "./page.ts";
import { slotPosition } from "./slot-pool.ts";

/** Maps cut from one piece of memory. */
const MAPS_PER_PIECE = 128;
/** Changed pages that are worth a checkpoint, however small the limit. */
const CROWD_MIN = 64;
/** How many of the pages used longest ago are looked at for one that can go. */
const LOOKS_MAX = 16;

/** Pages of one chunk, by index. */
export type PagesOf = () => Iterable<readonly [pageIndex: number, page: Page]>;

export interface PageCachePorts {
  readonly file: DiskFile;
  readonly layout: Layout;
  readonly seed: number;
  /** Told when checksums were read from the disk. */
  readonly onLoad: () => void;
}

export class PageCache {
  private readonly ports: PageCachePorts;
  private readonly limit: number;
  private readonly freeMaps: MapPlace[] = [];
  /** With checksums that are on the disk too, those filled or used longest ago first. */
  private readonly clean = new Set<Page>();
  private dirty = 0;

  constructor(ports: PageCachePorts, limitBytes: number) {
    this.ports = ports;
    this.limit = Math.floor(limitBytes / CHECKSUM_BYTES);
  }

  /** Bytes of checksums in memory, about. */
  get bytes(): number {
    return (this.clean.size + this.dirty) * CHECKSUM_BYTES;
  }

  /** So much changed since the last checkpoint that little can be let go of. */
  get isCrowded(): boolean {
    return this.dirty > Math.max(CROWD_MIN, this.limit / 2);
  }

  dirtied(page: Page): void {
    this.clean.delete(page);
    this.dirty += 1;
  }

  /** A new page: nothing is mapped yet, and it is to be written. */
  make(): Page {
    const page = this.blank();
    page.touch();
    return page;
  }

  /** A page that a checkpoint left, of its block, which is used up. @throws SystemError disk/corrupt */
  decoded(chunk: ChunkId, { pageIndex, slot, crc }: PagePlace, block: Buffer): Page {
    const words = decodePage(block, { chunk, pageIndex, seed: this.ports.seed, crc });
    if (!words) throw damaged(chunk, slot);
    const page = this.blank();
    page.slot = slot;
    page.crc = crc;
    page.fill(words, { isNew: true });
    return page;
  }

  /** Its chunk is gone. */
  drop(page: Page): void {
    if (page.isDirty) this.dirty -= 1;
    this.clean.delete(page);
    page.isDropped = true;
    // A load on its way may not find another page's map there.
    if (page.holds > 0) return;
    this.giveMap(page);
  }

  /**
   * Runs `work` in a turn in which the checksums of all these pages are in memory. They are asked for anew
   * after each wait: the log goes on meanwhile.
   * @throws SystemError disk/corrupt: a page is not what was written; disk/failed.
   */
  async whole<T>(chunk: ChunkId, pagesOf: PagesOf, work: () => T): Promise<T> {
    const held: (() => void)[] = [];
    try {
      for (;;) {
        const pages = [...pagesOf()];
        // One on its way is waited for also by who needs it no more: a checkpoint moves the page elsewhere then.
        if (pages.every(([, { isWhole, loading }]) => isWhole && !loading)) {
          if (held.length === 0) for (const [, page] of pages) page.isUsed = true;
          return work();
        }
        held.push(await this.hold(chunk, pages));
      }
    } finally {
      for (const letGo of held) letGo();
    }
  }

  /**
   * The checksums of these pages are in memory from when it resolves until what it gives is called.
   * @throws SystemError disk/corrupt: a page is not what was written; disk/failed.
   */
  async hold(chunk: ChunkId, pages: Iterable<readonly [number, Page]>): Promise<() => void> {
    const held = [...pages];
    for (const [, page] of held) page.holds += 1;
    const letGo = (): void => {
      for (const [, page] of held) this.letGo(page);
    };
    try {
      await Promise.all(held.map(([index, page]) => this.load(chunk, index, page)));
    } catch (thrown) {
      letGo();
      throw thrown;
    }
    return letGo;
  }

  /** A dirty page as it goes to its slot. It is held until it was written. */
  encode(chunk: ChunkId, pageIndex: number, page: Page): Buffer {
    assert(page.isDirty, "what did not change is not written");
    const block = page.encode(chunk, pageIndex, this.ports.seed);
    page.holds += 1;
    this.dirty -= 1;
    this.keep(page);
    return block;
  }

  letGo(page: Page): void {
    page.holds -= 1;
    if (page.holds === 0) this.shrink();
    if (page.isDropped && page.holds === 0) this.giveMap(page);
  }

  private async load(chunk: ChunkId, pageIndex: number, page: Page): Promise<void> {
    if (page.isWhole && !page.loading) return;
    page.loading ??= this.fill(chunk, pageIndex, page).finally(() => {
      page.loading = undefined;
    });
    await page.loading;
  }

  private async fill(chunk: ChunkId, pageIndex: number, page: Page): Promise<void> {
    assert(page.slot !== 0, "what was never written is in memory");
    let block: PageBlock;
    try {
      block = await this.readBlock(chunk, pageIndex, page);
    } catch (thrown) {
      // Its slot may be another's already.
      if (page.isDropped) return;
      throw thrown;
    }
    if (page.isDropped) return;
    this.ports.onLoad();
    page.fill(block, { isNew: false });
    if (!page.isDirty) this.keep(page);
  }

  private async readBlock(
    chunk: ChunkId,
    pageIndex: number,
    { slot, crc }: Pick<Page, "slot" | "crc">,
  ): Promise<PageBlock> {
    const { file, layout, seed } = this.ports;
    const block = Buffer.alloc(BLOCK_SIZE);
    await file.read(slotPosition(layout, slot), block);
    const words = decodePage(block, { chunk, pageIndex, seed, crc });
    if (!words) throw damaged(chunk, slot);
    return words;
  }

  private blank(): Page {
    if (this.freeMaps.length === 0) {
      const words = new Uint32Array(MAP_WORDS * MAPS_PER_PIECE);
      for (let at = words.length - MAP_WORDS; at >= 0; at -= MAP_WORDS)
        this.freeMaps.push({ words, at });
    }
    const place = this.freeMaps.pop();
    assert(place !== undefined, "a piece holds maps");
    return new Page(this, place);
  }

  private keep(page: Page): void {
    if (!page.hasChecksums) return;
    this.clean.add(page);
    this.shrink();
  }

  private shrink(): void {
    let looks = LOOKS_MAX;
    for (const oldest of this.clean) {
      if (this.clean.size + this.dirty <= this.limit || looks === 0) return;
      looks -= 1;
      this.clean.delete(oldest);
      if (oldest.holds > 0 || oldest.isUsed) {
        oldest.isUsed = false;
        this.clean.add(oldest);
      } else oldest.forgetChecksums();
    }
  }

  private giveMap(page: Page): void {
    const { words, at } = page.place;
    words.fill(0, at, at + MAP_WORDS);
    this.freeMaps.push({ words, at });
  }
}

const damaged = (chunk: ChunkId, slot: number): SystemError =>
  corrupt("a page of chunk metadata is damaged", { chunk, slot });
