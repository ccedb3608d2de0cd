// TransportIDs of iSCSI initiator ports (SPC-4 7.6.4.6): name, separator and ISID as one text, which is how
// this server names them anyway.
const PROTOCOL_ISCSI = 0x05;
/** FORMAT CODE 01b: with the ISID; 00b names the device and no port. */
const FORMAT_PORT = 0x40;
const FORMAT_MASK = 0xc0;
const HEADER_LENGTH = 4;
/** ADDITIONAL LENGTH is at least 20 and a multiple of 4. */
const NAME_LENGTH_MIN = 20;
/** A name of 223 bytes, `,i,0x` and an ISID (RFC 7143, 4.2.7.1). */
const NAME_LENGTH_MAX = 223 + 5 + 12;

export function encodeTransportId(initiatorPort: string): Buffer {
  const length = Math.max(
    NAME_LENGTH_MIN,
    Math.ceil((Buffer.byteLength(initiatorPort) + 1) / 4) * 4,
  );
  const id = Buffer.alloc(HEADER_LENGTH + length);
  id[0] = FORMAT_PORT | PROTOCOL_ISCSI;
  id.writeUInt16BE(length, 2);
  id.write(initiatorPort, HEADER_LENGTH, "utf8");
  return id;
}

/** The initiator port that a TransportID names, or undefined when it names none. */
export function decodeTransportId(id: Buffer): string | undefined {
  if (id.length < HEADER_LENGTH + NAME_LENGTH_MIN) return undefined;
  const first = id.readUInt8(0);
  if ((first & FORMAT_MASK) !== FORMAT_PORT || (first & 0x0f) !== PROTOCOL_ISCSI) return undefined;
  const text = id.subarray(HEADER_LENGTH, HEADER_LENGTH + id.readUInt16BE(2));
  const end = text.indexOf(0);
  const name = text.toString("utf8", 0, end < 0 ? text.length : end);
  const isPort = /^[^,]+,i,0x[0-9a-fA-F]{1,12}$/.test(name);
  return isPort && Buffer.byteLength(name) <= NAME_LENGTH_MAX ? withWholeIsid(name) : undefined;
}

/** Sessions name their ISID with all digits. */
function withWholeIsid(name: string): string {
  const [initiator = "", , isid = ""] = name.split(",");
  const digits = isid.slice(2).toLowerCase().padStart(12, "0");
  return `${initiator.toLowerCase()},i,0x${digits}`;
}
