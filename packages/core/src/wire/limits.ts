/**
 * What a frame may contain at most (protocol rule WI2). Whatever goes beyond is refused before it is looked at.
 */
export const WIRE_VERSION = 1

/** A public key of 32 bytes in base64. */
export const MAX_ID_LENGTH = 43
/** Of the hash by which members compare their histories. */
export const HISTORY_HASH_BYTES = 20
/** That of Ed25519. */
export const MAX_SIGNATURE_BYTES = 64
export const MAX_LINEAGE_LENGTH = 64
export const MAX_REASON_LENGTH = 200
/** Far more than members that a room can have: one operation names the changes since its author's last one. */
export const MAX_DEPENDENCIES = 16 * 1024
/** Of one member's ephemeral state. */
export const MAX_PRESENCE_BYTES = 16 * 1024
/** Of one negotiation message between two members that want a link. */
export const MAX_RELAY_BYTES = 64 * 1024
/** A gossip message is closed once it has this many payload bytes; one operation may still be larger. */
export const GOSSIP_TARGET_BYTES = 256 * 1024
