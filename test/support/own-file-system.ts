// A file system of its own for one disk of a lab, in an image on a loop device: so that it can be cut off
// under the process that uses it, after which every read and write of it fails, and what was not synced is
// gone. Needs root.
import { cp, mkdir, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import type { TestLab } from "./test-lab.ts";
import { run } from "./tools.ts";

const MIB = 1024 * 1024;
/** Room for the structures of the file system beside the disk. */
const OVERHEAD_BYTES = 64 * MIB;
/** EXT4_IOC_SHUTDOWN without writing the journal out (EXT4_GOING_FLAGS_NOLOGFLUSH). */
const CUT_OFF = `
  open(my $folder, "<", $ARGV[0]) or die "open: $!";
  my $how = pack("I", 2);
  ioctl($folder, 0x8004587d, $how) or die "ioctl: $!";
`;

export class OwnFileSystem {
  private readonly folder: string;
  private readonly image: string;

  private constructor(folder: string, image: string) {
    this.folder = folder;
    this.image = image;
  }

  /** Moves a disk of a storage node that does not run. */
  static async under(
    { dir }: TestLab,
    place: { readonly node: string; readonly disk: string; readonly sizeBytes: number },
  ): Promise<OwnFileSystem> {
    const { node, disk, sizeBytes } = place;
    const folder = join(dir, `${node}-${disk}`);
    const image = `${folder}.img`;
    const path = join(dir, node, disk);
    await mkdir(folder);
    await run("truncate", "-s", String(sizeBytes + OVERHEAD_BYTES), image);
    await run("mkfs.ext4", "-q", image);
    const made = new OwnFileSystem(folder, image);
    await made.mount();
    await cp(path, join(folder, disk));
    await rm(path);
    await symlink(join(folder, disk), path);
    return made;
  }

  /** From now on nothing can be read or written. */
  async cutOff(): Promise<void> {
    await run("perl", "-e", CUT_OFF, this.folder);
  }

  /** What was not synced is gone, and it is there again. Nobody has files of it open. */
  async cutPower(): Promise<void> {
    await this.cutOff();
    await run("umount", this.folder);
    await this.mount();
  }

  /** Out of sight at once, also while a process has files of it open. */
  async remove(): Promise<void> {
    await run("umount", "--lazy", this.folder);
  }

  private async mount(): Promise<void> {
    await run("mount", "-o", "loop", this.image, this.folder);
  }
}
