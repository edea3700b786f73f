/**
 * How each library opens what it has stored, up to the text being readable: some read no more at first than they must.
 */
import * as Automerge from '@automerge/automerge'
import { readStored } from '@tidemark/yjs'
import { LoroDoc } from 'loro-crdt'
import { MemoryStorage, TidemarkProvider } from 'tidemark'
import { memoryNetwork } from 'tidemark/testing'
import * as Y from 'yjs'
import { sequentialHistory } from '../histories.js'
import { automerge } from '../peers/automerge.js'
import type { Editor, Library } from '../peers/editor.js'
import { loro } from '../peers/loro.js'
import { sequentialRoom } from '../peers/tidemark.js'
import { yjs } from '../peers/yjs.js'

export interface Opener {
  readonly who: string
  /** The history's document as it is stored: one or several byte strings. */
  stored(trace: string): Promise<readonly Uint8Array[]>
  /** @returns what must be kept for the document to stay open, and its text. */
  open(stored: readonly Uint8Array[]): Promise<{ readonly kept: unknown; readonly text: string }>
  /** The part of opening that is making sense of the records, before the document is filled. */
  read?(stored: readonly Uint8Array[]): void
}

async function formOf(library: Library, trace: string, who: string): Promise<readonly Uint8Array[]> {
  const editor: Editor = (await sequentialHistory(trace)).replay(library)
  const form = editor.forms().find((one) => one.who === who)
  if (form === undefined) throw new Error(`${library.name} has no form "${who}"`)
  return [form.rest]
}

const only = ([bytes]: readonly Uint8Array[]) => bytes as Uint8Array

const tidemark: Opener = {
  who: 'Tidemark',
  stored: async (trace) => (await sequentialRoom(trace)).records,
  async open(stored) {
    // A place that has it all in memory, as the others get their bytes.
    const storage = new MemoryStorage()
    const store = await storage.open('room')
    await store.append(stored)
    await store.close()
    const doc = new Y.Doc()
    const provider = new TidemarkProvider('room', doc, {
      storage,
      connect: false,
      transport: memoryNetwork().transport(),
    })
    await provider.whenLoaded
    return { kept: { doc, provider }, text: doc.getText('text').toString() }
  },
  // Kinds of records that are not the document's are above.
  read: (stored) => void readStored(stored.filter(([kind = 0]) => kind < 16)),
}

function yjsOpener(who: string, apply: typeof Y.applyUpdate): Opener {
  return {
    who,
    stored: (trace) => formOf(yjs, trace, who),
    async open(stored) {
      const doc = new Y.Doc()
      apply(doc, only(stored))
      return { kept: doc, text: doc.getText('text').toString() }
    },
  }
}

/** What there would be if nothing had ever been edited: no document of Yjs with this content takes less. */
export const FRESH: Opener = {
  ...yjsOpener('a fresh document (Yjs)', Y.applyUpdate),
  async stored(trace) {
    const doc = new Y.Doc()
    doc.getText('text').insert(0, (await sequentialHistory(trace)).content)
    return [Y.encodeStateAsUpdate(doc)]
  },
}

const automergeOpener: Opener = {
  who: 'Automerge',
  stored: (trace) => formOf(automerge, trace, 'Automerge'),
  async open(stored) {
    const doc = Automerge.load<{ text: string }>(only(stored))
    return { kept: doc, text: doc.text }
  },
}

function loroOpener(who: string): Opener {
  return {
    who,
    stored: (trace) => formOf(loro, trace, who),
    async open(stored) {
      const doc = new LoroDoc()
      doc.import(only(stored))
      return { kept: doc, text: doc.getText('text').toString() }
    },
  }
}

export const OPENERS: readonly Opener[] = [
  tidemark,
  yjsOpener('plain Yjs, v1', Y.applyUpdate),
  yjsOpener('plain Yjs, v2', Y.applyUpdateV2),
  automergeOpener,
  loroOpener('Loro, full'),
  loroOpener('Loro, shallow'),
  FRESH,
]
