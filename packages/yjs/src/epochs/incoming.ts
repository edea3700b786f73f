/**
 * From a payload as it was authored to an update that a document of the present naming can integrate.
 *
 * A payload of the epoch before is translated (a pure function of payload and table) and given neighbours that fit
 * the document it goes into. What a cut has decided about is left out of it: an author's structs below the cut are
 * in the base already, as they are skipped by a replica that has not executed the cut yet.
 *
 * Invariant: whatever comes in, the document is changed only by what passes the gate; nothing throws.
 */
import type { Naming } from '@tidemark/core'
import type * as Y from 'yjs'
import { formFault, inspectAboveCut, type UpdateContents } from '../gate.js'
import { type Rebuilding, Retargeter, type TranslationTable, translate } from '../renumbering/index.js'
import { baseClientOf } from './base-client.js'
import { type History, presentNaming } from './history.js'
import { afterBaseEntries } from './map-entries.js'

export interface Incoming {
  readonly update: Uint8Array
  readonly contents: UpdateContents
}

/** In the naming of `history`, neighbours not yet fitted; or why it is refused. */
export function readPayload(
  payload: Uint8Array,
  epoch: number,
  history: History,
  store: Y.Doc['store'],
): Incoming | string {
  const present = presentNaming(history)
  if (epoch !== present.epoch && epoch !== present.epoch - 1) {
    return `the payload is of epoch ${epoch}, this replica in epoch ${present.epoch}`
  }
  let update = payload
  if (epoch < present.epoch) {
    if (history.table === undefined) return `no table leads from epoch ${epoch} to epoch ${present.epoch}`
    const translated = tryTranslate(payload, history.table)
    if (typeof translated === 'string') return translated
    update = translated
  }
  const contents = inspectAboveCut(update, store)
  if (typeof contents === 'string') return contents
  const naming: Naming = { lineage: present.lineage, epoch }
  return reservedFault(contents, naming) ?? { update, contents }
}

export function tryTranslate(payload: Uint8Array, table: TranslationTable): Uint8Array | string {
  const fault = formFault(payload)
  if (fault !== undefined) return fault
  try {
    return translate(payload, table)
  } catch (error) {
    return `the payload can not be translated: ${error instanceof Error ? error.message : String(error)}`
  }
}

/**
 * Nobody writes under a base's own id: not that of the payload's epoch, and not the next one, which the coming cut
 * will use. It depends on the payload and its epoch alone, so that everybody judges alike.
 */
function reservedFault({ sections }: UpdateContents, { lineage, epoch }: Naming): string | undefined {
  for (const reserved of [epoch, epoch + 1]) {
    const client = baseClientOf({ lineage, epoch: reserved })
    if (sections.has(client)) return `client ${client} is that of a base`
  }
  return undefined
}

/** Fits a translated update to its neighbours in the live document; one authored in the epoch stays. */
export function fitted(update: Uint8Array, isTranslated: boolean, fitting: Fitting): Uint8Array {
  if (!isTranslated) return update
  return fitting.retargeter.retarget(afterBaseEntries(update, fitting.doc, fitting.client))
}

/** What is needed to fit translated updates into a document. */
export class Fitting {
  readonly doc: Y.Doc
  readonly client: number
  readonly retargeter: Retargeter

  /** @param client the synthetic client id of the document's base. */
  constructor(doc: Y.Doc, client: number) {
    this.doc = doc
    this.client = client
    this.retargeter = new Retargeter(doc, client)
  }
}

/** Integrates a translated update, fitted to its neighbours. */
export function addTranslated(rebuilding: Rebuilding, update: Uint8Array, client: number): void {
  rebuilding.addOperation({ update: afterBaseEntries(update, rebuilding.doc, client), translated: true })
}
