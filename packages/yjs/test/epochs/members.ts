/** Members of a room that are driven by hand, one call at a time. */
import type { Cut, CutWork, NamedPayload } from '@tidemark/core'
import * as Y from 'yjs'
import { YjsStructure, type YjsStructureOptions } from '../../src/index.js'
import { newDocument } from '../documents.js'

export const LINEAGE = 'room'

/** `id` also orders them, as client ids do. */
export function member(id: number, options: Partial<YjsStructureOptions> = {}) {
  const doc = newDocument(2 ** 31 + id)
  const structure = new YjsStructure(doc, { compaction: 'full', onLocalChange: () => {}, ...options })
  const { epochs } = structure
  if (epochs === undefined) throw new Error('Full compaction has epochs')
  return { doc, structure, epochs, text: doc.getText('text') }
}

export type Member = ReturnType<typeof member>

export function founder(id: number, options: Partial<YjsStructureOptions> = {}): Member {
  const made = member(id, options)
  made.epochs.found(LINEAGE)
  return made
}

export const epochOf = ({ epochs }: Member): number => epochs.namings[0]?.epoch ?? -1

/** Makes a change, and the operation it becomes. */
export function change({ structure, epochs }: Member, edit: () => void): NamedPayload {
  edit()
  const payload = structure.takeLocalChange()
  if (payload === undefined) throw new Error('Nothing has changed')
  return { payload, epoch: epochs.namings[0]?.epoch ?? -1 }
}

export function apply({ structure }: Member, ...operations: NamedPayload[]): void {
  for (const { payload, epoch } of operations) {
    const refusal = structure.apply(payload, epoch)
    if (refusal !== undefined) throw new Error(`Refused: ${refusal}`)
  }
}

export function beginCut(of: Member, below: NamedPayload[], above: NamedPayload[] = []): CutWork {
  const lineage = of.epochs.namings[0]?.lineage ?? ''
  const cut: Cut = { lineage, epoch: epochOf(of) + 1, below, above }
  return of.epochs.begin(cut)
}

export function prepared(work: CutWork): CutWork {
  while (!work.prepare());
  return work
}

export function cut(of: Member, below: NamedPayload[], above: NamedPayload[] = []) {
  const work = prepared(beginCut(of, below, above))
  return { ...work.commit(), fingerprint: Buffer.from(work.fingerprint).toString('hex') }
}

export function load(to: Member, from: Member, above: NamedPayload[] = []): void {
  to.structure.beginLoad()
  to.epochs.enter(from.epochs.namings)
  for (const bytes of piecesOf(from)) {
    const refusal = to.structure.loadPiece(bytes)
    if (refusal !== undefined) throw new Error(`Refused: ${refusal}`)
  }
  apply(to, ...above)
  to.structure.endLoad()
}

export function piecesOf({ structure }: Member, pieceBytes = 50): Uint8Array[] {
  const pieces: Uint8Array[] = []
  const iterator = structure.encodeState(pieceBytes, 0)
  for (let next = iterator.next(); !next.done; next = iterator.next()) pieces.push(next.value.bytes)
  return pieces
}

export function newcomer(id: number, from: Member, above: NamedPayload[] = []): Member {
  const made = member(id)
  load(made, from, above)
  return made
}

/** Structs and bytes a document takes. */
export function sizeOf(doc: Y.Doc): { structs: number; bytes: number } {
  const structs = [...doc.store.clients.values()].reduce((sum, { length }) => sum + length, 0)
  return { structs, bytes: Y.encodeStateAsUpdate(doc).length }
}
