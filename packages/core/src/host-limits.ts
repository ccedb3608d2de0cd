// Bounds of what people say about hosts: checked where they type it, and again in the catalog.

/** A number of one byte is told the same in all methods of addressing (SAM-5 4.7). */
export const LUN_MAX = 255;
/** CHAP asks for 96 bits at least (RFC 7143, 12.1.4). */
export const CHAP_SECRET_MIN = 12;
/** Of a secret and of a user: lengths in CHAP are one byte (RFC 1994, 4.1). */
export const CHAP_TEXT_MAX = 255;
