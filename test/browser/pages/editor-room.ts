/**
 * A page in a room with CodeMirror on the text, where somebody types a recorded history at a steady pace.
 *
 * Each page types in a section of its own, behind a heading: so all can type at once, and what each section has to
 * hold in the end is known. Where the section is, CodeMirror keeps track of.
 */
import { EditorState } from '@codemirror/state'
import type { Epochs } from '@tidemark/core'
import { YjsStructure } from '@tidemark/yjs'
import { basicSetup, EditorView } from 'codemirror'
import { type Compaction, TidemarkProvider } from 'tidemark'
import { yCollab } from 'y-codemirror.next'
import * as Y from 'yjs'
import type { Patch } from '../../traces/sequential-trace.js'

const doc = new Y.Doc()
const text = doc.getText('text')
const undoManager = new Y.UndoManager(text)
const errors: string[] = []
const cuts: Cut[] = []
/** How long the editor took for each edit, and how late each came. */
const handlingMs: number[] = []
const latenessMs: number[] = []
let provider: TidemarkProvider | undefined
let view: EditorView | undefined
let sectionStart = 0
let unplayed = 0

// The work for cuts is marked, so that its tasks can be found in a trace: what prepares one, and the switch. So is what
// others made, of which a cut holds some back for a while.
markCalls(YjsStructure.prototype, 'apply')
const { begin } = historyOfDocuments()
let isWorkMarked = false
historyOfDocuments().begin = function (cut) {
  const work = begin.call(this, cut)
  if (isWorkMarked) return work
  isWorkMarked = true
  markCalls(Object.getPrototypeOf(work), 'prepare')
  markCalls(Object.getPrototypeOf(work), 'commit')
  return work
}

/** What all structures have in common that can be cut. */
function historyOfDocuments(): Epochs {
  const { epochs } = new YjsStructure(new Y.Doc(), { compaction: 'full', onLocalChange: () => {} })
  return Object.getPrototypeOf(epochs)
}

/** Once in a task, however often it is called there. */
function markCalls(prototype: object, name: string): void {
  const method: unknown = Reflect.get(prototype, name)
  if (typeof method !== 'function') throw new Error(`there is no ${name} any more`)
  let isMarked = false
  Reflect.set(prototype, name, function (this: unknown, ...args: unknown[]) {
    if (!isMarked) {
      performance.mark(name)
      queueMicrotask(() => {
        isMarked = false
      })
    }
    isMarked = true
    return Reflect.apply(method, this, args)
  })
}

export interface Cut extends Compaction {
  readonly wasTyping: boolean
}

export interface JoinOptions {
  readonly signaling: string
  readonly room: string
  readonly undoHorizonMs: number
  readonly compactionMinBytes: number
  readonly compactionShare: number
}

export function join({ room, ...options }: JoinOptions): void {
  provider = new TidemarkProvider(room, doc, { ...options, iceServers: [], compaction: 'full' })
  provider.on('error', (error) => errors.push(error.message))
  provider.on('compacted', (compaction) => {
    performance.mark('compacted')
    cuts.push({ ...compaction, wasTyping: unplayed > 0 })
  })
  provider.trackUndo(undoManager)
}

/** Shows the text, once it is loaded. */
export function mount(): void {
  const follow = EditorView.updateListener.of(({ changes }) => {
    sectionStart = changes.mapPos(sectionStart, -1)
  })
  const extensions = [basicSetup, follow, yCollab(text, joined().awareness, { undoManager })]
  const parent = document.createElement('div')
  parent.style.cssText = 'height: 400px; overflow: auto'
  document.body.append(parent)
  view = new EditorView({ parent, state: EditorState.create({ doc: text.toString(), extensions }) })
}

/** Makes another editor; the steps that can be undone go with the one before, which they hold on to. */
export function mountAnew(): void {
  mounted().destroy()
  document.body.replaceChildren()
  undoManager.clear()
  mount()
}

/** Pastes a long text in pieces, as the first content of the room. */
export async function fill(content: string, pieceLength: number): Promise<void> {
  for (let at = 0; at < content.length; at += pieceLength) {
    text.insert(at, content.slice(at, at + pieceLength))
    await new Promise((resolve) => setTimeout(resolve))
  }
}

function joined(): TidemarkProvider {
  if (!provider) throw new Error('not joined yet')
  return provider
}

function mounted(): EditorView {
  if (!view) throw new Error('there is no editor yet')
  return view
}

export function state() {
  const { synced, blockedBy } = joined()
  return { synced, blockedBy, unplayed, cuts: cuts.length, ...joined().stats() }
}

export function content(): string {
  return mounted().state.doc.toString()
}

export function sharedContent(): string {
  return text.toString()
}

export function takeErrors(): string[] {
  return errors.splice(0)
}

export function cutsSeen(): Cut[] {
  return cuts
}

/** Everything, deletions included, is cut. */
export async function cutAll(): Promise<void> {
  await joined().compact()
}

export function stateBytes(): number {
  return Y.encodeStateAsUpdate(doc).length
}

// ---------------------------------------------------------------------------- typing

/** Types a history behind a heading, at a steady pace; what is late comes faster, but never two edits in one task. */
export function play(heading: string, patches: Patch[], editsPerSecond: number): void {
  const at = content().indexOf(heading)
  if (at < 0) throw new Error(`there is no ${heading}`)
  sectionStart = at + heading.length
  unplayed = patches.length
  const start = performance.now()
  const timer = setInterval(() => {
    const next = patches.length - unplayed
    const lateMs = performance.now() - start - ((next + 1) * 1000) / editsPerSecond
    if (lateMs < 0) return
    latenessMs.push(lateMs)
    type(patches[next] as Patch)
    unplayed--
    if (unplayed === 0) clearInterval(timer)
  }, 500 / editsPerSecond)
}

function type([position, deleteCount, insert]: Patch): void {
  const from = sectionStart + position
  const before = performance.now()
  mounted().dispatch({
    changes: { from, to: from + deleteCount, insert },
    selection: { anchor: from + insert.length },
    userEvent: 'input.type',
  })
  handlingMs.push(performance.now() - before)
}

/** How long edits took, and how late they came: medians, and the worst. */
export function typingMeasured() {
  return { handling: summary(handlingMs), lateness: summary(latenessMs) }
}

function summary(values: readonly number[]) {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
  return { median: at(0.5), p99: at(0.99), worst: at(1) }
}

// ---------------------------------------------------------------------------- undo

/**
 * Makes edits that are one undo step each, words typed and deleted in turn, waits for a cut that leaves them alone, and
 * undoes and redoes them all.
 * @param withinMs after that, a cut no longer leaves them alone.
 * @returns whether a cut came in time; rejects if something else is there than was typed.
 */
export async function undoAcrossCut(steps: number, withinMs: number): Promise<boolean> {
  undoManager.stopCapturing()
  undoManager.clear()
  const [cutsBefore, start] = [cuts.length, performance.now()]
  const contents = [section()]
  for (let i = 0; i < steps; i++) {
    // A word of ten characters, or five of those of the last one.
    type(i % 2 === 0 ? [0, 0, `word ${String(i).padStart(4, '0')} `] : [2, 5, ''])
    undoManager.stopCapturing()
    contents.push(section())
  }
  while (cuts.length === cutsBefore) {
    if (performance.now() - start > withinMs) return false
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  if (performance.now() - start > withinMs) return false
  for (let i = steps - 1; i >= 0; i--) {
    undoManager.undo()
    expectSection(contents[i], `undone to step ${i}`)
  }
  for (let i = 1; i <= steps; i++) {
    undoManager.redo()
    expectSection(contents[i], `redone to step ${i}`)
  }
  return true
}

function expectSection(expected: string | undefined, how: string): void {
  if (section() !== expected) throw new Error(`${how}: "${section()}", not "${expected}"`)
}

/** The beginning of this page's section, where nobody else types. */
function section(): string {
  return mounted().state.sliceDoc(sectionStart, sectionStart + 300)
}
