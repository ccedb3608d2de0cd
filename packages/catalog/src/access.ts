// Who may use which volume. One answer for all gateways, computed from records alone: what a portal
// shows, whom it lets in and what a running session may do are decided here.
import {
  type AccessEdit,
  type CatalogView,
  MAPPINGS_MAX,
  type Mapping,
  type VolumeRecord,
} from "./records.ts";

/** What an initiator may do with a volume's unit, and under which number it sees it. */
export type UnitAccess =
  | { readonly kind: "readWrite" | "readOnly"; readonly lun: number }
  | { readonly kind: "none" };

const NONE: UnitAccess = { kind: "none" };

/**
 * By the name that an initiator logged in with, in lower case. What it has to prove before is said by its
 * host alone. To be asked again whenever the volume's record or a host changed, and before an operation is
 * sent under another generation than the one it was decided under.
 */
export function accessOf(
  view: Pick<CatalogView, "hostOf">,
  { access, mappings, lun }: Pick<VolumeRecord, "access" | "mappings" | "lun">,
  initiatorName: string,
): UnitAccess {
  if (access === "any") return { kind: "readWrite", lun };
  const host = view.hostOf(initiatorName)?.host;
  const mapping = mappings.find((one) => one.host === host);
  if (!mapping) return NONE;
  return { kind: mapping.readOnly ? "readOnly" : "readWrite", lun: mapping.lun };
}

/** The part of a volume's record that an edit makes of the one before. */
export function edited(
  { mappings }: Pick<VolumeRecord, "mappings">,
  edit: AccessEdit,
): Pick<VolumeRecord, "access" | "mappings"> {
  switch (edit.kind) {
    case "open":
      return { access: "any", mappings: [] };
    case "unmap":
      return { access: "mapped", mappings: without(mappings, edit.host) };
    case "map": {
      const kept = [...without(mappings, edit.mapping.host), edit.mapping];
      return { access: "mapped", mappings: kept.sort((a, b) => (a.host < b.host ? -1 : 1)) };
    }
  }
}

const without = (mappings: readonly Mapping[], host: string): Mapping[] =>
  mappings.filter((one) => one.host !== host);

/** Whether all stays as it is. */
export function changesNothing(record: VolumeRecord, edit: AccessEdit): boolean {
  const { access, mappings } = edited(record, edit);
  const same = (one: Mapping, at: number): boolean => {
    const was = record.mappings[at];
    return was?.host === one.host && was.lun === one.lun && was.readOnly === one.readOnly;
  };
  return (
    access === record.access && mappings.length === record.mappings.length && mappings.every(same)
  );
}

/** Whether a host has, or is about to have, a mapping of the volume. */
export const isMapped = ({ mappings, change }: VolumeRecord, host: string): boolean =>
  mappings.some((one) => one.host === host) ||
  (change?.kind === "access" && change.edit.kind === "map" && change.edit.mapping.host === host);

/** Whether the edit would give the volume more mappings than it may have. */
export const exceedsMappings = (record: VolumeRecord, edit: AccessEdit): boolean =>
  edited(record, edit).mappings.length > MAPPINGS_MAX;
