/**
 * How large real editing histories end up, beside other libraries on the same edits in the same run. Bytes do not
 * depend on the machine, so one run is enough.
 */
import * as Automerge from '@automerge/automerge'
import { LoroDoc } from 'loro-crdt'
import * as Y from 'yjs'
import { freshBytes, type Replica, Replicas, stateBytes } from '../test/compaction/replicas.js'
import { applyPatch, loadSequentialTrace, type Patch } from '../test/traces/sequential-trace.js'

const TRACES = ['sveltecomponent', 'automerge-paper']
const EDITS_PER_TICK = 16
const TICK_MS = 16
const TURN_EDITS = 3000
/** Peers commit after so many edits, so that none pays for a change per keystroke. */
const EDITS_PER_COMMIT = 16

interface Row {
  readonly what: string
  readonly bytes: number
}

export async function main(folder: URL): Promise<void> {
  for (const name of TRACES) {
    const { patches, endContent } = await loadSequentialTrace(new URL(`${name}.json.gz`, folder))
    process.stderr.write(`${name}: ${patches.length} edits …\n`)
    const fresh = freshBytes(endContent)
    const rows = [
      { what: 'a fresh Y.Doc with the same content', bytes: fresh },
      ...tidemark(patches, endContent),
      yjs(patches, endContent),
      ...loro(patches, endContent),
      automerge(patches, endContent),
    ]
    print(name, rows, fresh)
  }
}

/** Three replicas take turns; the document at the end, in the room that has come to rest. */
function tidemark(patches: readonly Patch[], content: string): Row[] {
  const replicas = new Replicas()
  const room = [replicas.open(), replicas.open(), replicas.open()]
  for (let at = 0; at < patches.length; at += EDITS_PER_TICK) {
    if (at % TURN_EDITS < EDITS_PER_TICK) replicas.advance(100)
    const writer = room[Math.floor(at / TURN_EDITS) % room.length] as Replica
    for (const patch of patches.slice(at, at + EDITS_PER_TICK)) applyPatch(writer.text, patch)
    replicas.advance(TICK_MS)
  }
  replicas.rest()
  const bytes = room.map(({ doc, text }) => {
    expectSame('Tidemark', text.toString(), content)
    return stateBytes(doc)
  })
  replicas.destroy()
  return [{ what: 'Tidemark, three replicas', bytes: Math.max(...bytes) }]
}

function yjs(patches: readonly Patch[], content: string): Row {
  const doc = new Y.Doc()
  const text = doc.getText('text')
  for (const patch of patches) applyPatch(text, patch)
  expectSame('Yjs', text.toString(), content)
  return { what: 'plain Yjs, one replica', bytes: stateBytes(doc) }
}

function loro(patches: readonly Patch[], content: string): Row[] {
  const doc = new LoroDoc()
  const text = doc.getText('text')
  patches.forEach(([position, deleteCount, inserted], index) => {
    if (deleteCount > 0) text.delete(position, deleteCount)
    if (inserted !== '') text.insert(position, inserted)
    if (index % EDITS_PER_COMMIT === 0) doc.commit()
  })
  doc.commit()
  expectSame('Loro', text.toString(), content)
  return [
    { what: 'Loro, full snapshot', bytes: doc.export({ mode: 'snapshot' }).length },
    {
      what: 'Loro, shallow snapshot',
      bytes: doc.export({ mode: 'shallow-snapshot', frontiers: doc.frontiers() }).length,
    },
  ]
}

function automerge(patches: readonly Patch[], content: string): Row {
  let doc = Automerge.from({ text: '' })
  for (let at = 0; at < patches.length; at += EDITS_PER_COMMIT) {
    doc = Automerge.change(doc, (draft) => {
      for (const [position, deleteCount, inserted] of patches.slice(at, at + EDITS_PER_COMMIT)) {
        Automerge.splice(draft, ['text'], position, deleteCount, inserted)
      }
    })
  }
  expectSame('Automerge', doc.text, content)
  return { what: 'Automerge, saved (compressed)', bytes: Automerge.save(doc).length }
}

function expectSame(who: string, got: string, expected: string): void {
  if (got !== expected) throw new Error(`${who} ends with another content than the trace`)
}

function print(name: string, rows: readonly Row[], fresh: number): void {
  const lines = rows.map(({ what, bytes }) => `| ${what} | ${bytes} | ${(bytes / fresh).toFixed(2)} |`)
  const table = ['| what | bytes | × fresh |', '|---|---:|---:|', ...lines]
  process.stdout.write(`\n${name}\n\n${table.join('\n')}\n`)
}
