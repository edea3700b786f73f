/**
 * Makes a frame that Mona had kept back right for this very moment: the next numbers, and edits of the document as it is.
 *
 * What she said before may have been refused, or have changed the document; a frame that does not go on from there would
 * be of no more effect than noise.
 */
import { decodeMessage, encodeMessage, type Gossip } from '@tidemark/core/wire'
import * as Y from 'yjs'
import type { Member } from './member.js'

/** @param author Mona's client id. */
export function fitting(
  frame: Uint8Array,
  target: Member,
  speaker: string,
  author: number,
  choice: number,
): Uint8Array {
  const decoded = decodeMessage(frame)
  if (!decoded.ok || decoded.message.type !== 'gossip') return frame
  const history = target.replica?.room.history
  let seq = history?.applied.get(speaker)
  if (history === undefined || seq === undefined) return frame
  let { clock } = history
  const { epoch } = history
  const operations = decoded.message.operations.map((operation) => {
    if (operation.author !== speaker) return operation
    const next = { ...operation, seq: ++(seq as number), clock: ++clock, epoch }
    return next.kind === 'update' ? { ...next, payload: editOf(target, author, choice) } : next
  })
  const room = target.replica?.room
  const n = (room?.stability.reports.get(speaker)?.n ?? 0) + 1
  const presence = (room?.presences.all.get(speaker)?.n ?? 0) + 1
  const message: Gossip = {
    ...decoded.message,
    operations,
    reports: decoded.message.reports.map((report) =>
      report.replica === speaker ? { ...report, n } : report,
    ),
    presences: decoded.message.presences.map((one) =>
      one.replica === speaker ? { ...one, n: presence } : one,
    ),
  }
  return encodeMessage(message)
}

const edits = new WeakMap<Member, { version: number; readonly byChoice: Map<number, Uint8Array> }>()

/** Made once for each state of the document. */
function editOf(target: Member, client: number, choice: number): Uint8Array {
  const known = edits.get(target) ?? { version: -1, byChoice: new Map() }
  edits.set(target, known)
  if (known.version !== target.version) known.byChoice.clear()
  known.version = target.version
  const kind = choice % EDITS
  const edit = known.byChoice.get(kind) ?? newEdit(target.doc, client, kind)
  known.byChoice.set(kind, edit)
  return edit
}

const EDITS = 12

/** What a user may do, of each kind. */
function newEdit(doc: Y.Doc, client: number, choice: number): Uint8Array {
  const copy = new Y.Doc()
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc))
  copy.clientID = client
  const before = Y.encodeStateVector(copy)
  const text = copy.getText('text')
  const list = copy.getArray('list')
  let deleted: Uint8Array | undefined
  copy.on('update', (update: Uint8Array) => {
    deleted = update
  })
  const place = (choice * 7) % (text.length + 1)
  copy.transact(() => {
    switch (choice % 6) {
      case 0:
        return text.insert(place, 'mona ')
      case 1:
        return text.delete(Math.max(0, place - 3), Math.min(3, text.length))
      case 2:
        return copy.getMap('map').set(`key ${choice % 4}`, { choice })
      case 3:
        return list.insert(0, [new Y.Map([['text', new Y.Text('in it')]])])
      case 4:
        return text.format(0, place, { bold: choice % 4 < 2 ? true : null })
      default:
        if (list.length > 0) list.delete(0, 1)
        text.insert(place, '!')
    }
  })
  return deleted ?? Y.encodeStateAsUpdate(copy, before)
}
