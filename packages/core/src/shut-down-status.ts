/**
 * Exit status of a process that ended since the whole cluster shuts down: whoever keeps it running lets it rest, and
 * starts it again with the machine, or when told to.
 */
export const SHUT_DOWN_STATUS = 10;
