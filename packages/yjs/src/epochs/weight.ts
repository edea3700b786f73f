/** What a cut does away with on account of a payload. */
import * as Y from 'yjs'

/** Its own bytes, and one for every unit it deletes: for policy, so roughly. */
export function weightOf(payload: Uint8Array): number {
  return payload.length + deletedUnits(payload)
}

/** What a payload deletes, in units; nothing if it can not be read. */
function deletedUnits(payload: Uint8Array): number {
  try {
    let units = 0
    for (const ranges of Y.decodeUpdate(payload).ds.clients.values()) {
      for (const { len } of ranges) units += len
    }
    return units
  } catch {
    return 0
  }
}
