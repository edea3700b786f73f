/**
 * Three pages type into one CodeMirror document at 50 edits a second each, and every few seconds it is cut: nobody
 * notices, undo goes on working, and in the end there is nothing left but the content.
 */
import { afterEach, beforeEach, describe, expect } from 'vitest'
import * as Y from 'yjs'
import { applyPatch, loadSequentialTrace, type Patch } from '../traces/sequential-trace.js'
import { heapDataBytes } from './harness/heap.js'
import { type BrowserLab, type BrowserProcess, type TestPage, browserTest as test } from './harness/index.js'
import { recordTasks, type Task } from './harness/main-thread.js'
import { type RunningSignaling, startSignaling, until } from './room-lab.js'

type EditorPage = TestPage<typeof import('./pages/editor-room.js')>

const EDITOR_PAGE = new URL('./pages/editor-room.ts', import.meta.url)
const EDITS_PER_SECOND = 50
/** How long all type; longer for a closer look. */
const SECONDS = Number(process.env['COMPACTION_SECONDS'] ?? 20)
const HEADINGS = ['# first\n', '# second\n', '# third\n']
const UNDO_STEPS = 20
const PIECE_CHARACTERS = 100_000
/** What was deleted may be forgotten after a few seconds, not after a minute, so that there are cuts to be seen. */
const CUTTING = { undoHorizonMs: 8000, compactionMinBytes: 8192, compactionShare: 1 / 1024 }

interface Size {
  readonly name: string
  readonly characters: number
  /** What the longest task with work for a cut may take, in processor time. */
  readonly longestTaskMs: number
  readonly seconds: number
}

const SIZES: readonly Size[] = [
  { name: '100 kB', characters: 100_000, longestTaskMs: 16, seconds: SECONDS },
  { name: '5 MB', characters: 5_000_000, longestTaskMs: 50, seconds: SECONDS },
]

let signaling: RunningSignaling

beforeEach(async () => {
  signaling = await startSignaling()
})

afterEach(() => signaling.stop())

describe.each(SIZES)('a document of $name', ({ name, characters, longestTaskMs, seconds }) => {
  test('is cut every few seconds while three pages type', { timeout: 300_000 }, async ({ lab }) => {
    const svelte = await loadSequentialTrace(new URL('../traces/sveltecomponent.json.gz', import.meta.url))
    const patches = svelte.patches.slice(0, EDITS_PER_SECOND * seconds)
    const browser = await lab.launch()
    const pages = await openEditors(lab, browser, characters)
    const [first, ...others] = pages as [EditorPage, ...EditorPage[]]

    const tasks = await recordTasks(browser.browser, () => typeInAll(pages, patches, seconds))
    const cutsWhileTyping = (await first.call('cutsSeen')).filter(({ wasTyping }) => wasTyping)
    await report(name, pages, tasks)
    await untilEven(pages)
    expect(await sections(first)).toEqual([result(patches), result(patches), result(patches)])

    // While the others type again, there is something to cut.
    const [isUndone] = await Promise.all([undoAcrossCut(first), typeInAll(others, patches, seconds, 1)])
    expect(isUndone).toBe(true)
    await first.call('cutAll')
    await untilEven(pages)

    const [content = '', ...copies] = await Promise.all(pages.map((page) => page.call('content')))
    for (const copy of copies) expect(copy).toBe(content)
    for (const page of pages) {
      expect(await page.call('sharedContent')).toBe(content)
      expect(await page.call('takeErrors')).toEqual([])
    }
    await expectNothingLeft(lab, browser, pages, content)
    expect(cutsWhileTyping.length).toBeGreaterThan(0)
    expect(longest(cutTasks(tasks))).toBeLessThanOrEqual(longestTaskMs)
  })
})

async function openEditors(
  lab: BrowserLab,
  browser: BrowserProcess,
  characters: number,
): Promise<EditorPage[]> {
  const pages = await lab.open<typeof import('./pages/editor-room.js')>(EDITOR_PAGE, {
    count: HEADINGS.length,
    browser,
  })
  for (const [i, page] of pages.entries()) {
    await page.call('join', { signaling: signaling.url, room: 'room', ...CUTTING })
    await until(`${page.name} is synced`, async () => (await page.call('state')).synced)
    if (i === 0) await page.call('fill', firstContent(characters), PIECE_CHARACTERS)
    await page.call('mount')
  }
  await untilEven(pages)
  return pages
}

function firstContent(characters: number): string {
  const line = 'lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor\n'
  return HEADINGS.map((heading) => `${heading}\n`).join('') + line.repeat(characters / line.length)
}

async function typeInAll(
  pages: readonly EditorPage[],
  patches: readonly Patch[],
  seconds: number,
  firstHeading = 0,
): Promise<void> {
  await Promise.all(
    pages.map((page, i) =>
      page.call('play', HEADINGS[firstHeading + i] as string, [...patches], EDITS_PER_SECOND),
    ),
  )
  const unplayed = async () =>
    (await Promise.all(pages.map((page) => page.call('state')))).map((state) => state.unplayed)
  const isTyped = async () => (await unplayed()).every((count) => count === 0)
  await until('all is typed', isTyped, { timeoutMs: seconds * 5000 + 20_000, describe: unplayed })
}

/** On a busy machine, a cut may come so late that it forgets what is to be undone: then the next one will do. */
async function undoAcrossCut(page: EditorPage): Promise<boolean> {
  for (let attempt = 0; attempt < 3; attempt++) {
    await new Promise((resolve) => setTimeout(resolve, CUTTING.undoHorizonMs / 2))
    if (await page.call('undoAcrossCut', UNDO_STEPS, CUTTING.undoHorizonMs)) return true
  }
  return false
}

function freshBytes(content: string): number {
  const doc = new Y.Doc()
  doc.getText('text').insert(0, content)
  return Y.encodeStateAsUpdate(doc).length
}

function result(patches: readonly Patch[]): string {
  const text = new Y.Doc().getText('text')
  for (const patch of patches) applyPatch(text, patch)
  return text.toString()
}

/** What is behind each heading, up to the empty line that was there at first. */
async function sections(page: EditorPage): Promise<string[]> {
  const content = await page.call('sharedContent')
  return HEADINGS.map((heading, i) => {
    const from = content.indexOf(heading) + heading.length
    const next = HEADINGS[i + 1] ?? 'lorem ipsum'
    return content.slice(from, content.indexOf(next, from) - 1)
  })
}

/** All have the same, and no history but what is above the last cut. */
async function untilEven(pages: readonly EditorPage[]): Promise<void> {
  const states = () => Promise.all(pages.map((page) => page.call('state')))
  const isEven = async () => {
    const all = await states()
    return all.every((state) => {
      const agrees = state.snapshotPoint === all[0]?.snapshotPoint && state.epoch === all[0]?.epoch
      const isDone = state.logOperations === 0 && state.waiting === 0 && state.blockedBy.length === 0
      return state.synced && state.members === pages.length && agrees && isDone
    })
  }
  await until('all pages have the same', isEven, { timeoutMs: 60_000, describe: states })
}

/** Tasks in which there was work for a cut: never anything else that takes long. */
function cutTasks(tasks: readonly Task[]): Task[] {
  return tasks.filter(({ marks }) => marks.includes('prepare') || marks.includes('commit'))
}

function longest(tasks: readonly Task[]): number {
  return Math.max(0, ...tasks.map(({ busyMs }) => busyMs))
}

async function report(name: string, pages: readonly EditorPage[], tasks: readonly Task[]): Promise<void> {
  const parts = ['prepare', 'commit', 'apply'].map((mark) => {
    const marked = tasks.filter(({ marks }) => marks.includes(mark))
    return `${marked.length} to ${mark} ${longest(marked).toFixed(1)} ms`
  })
  const lines = [`${name}: longest task ${longest(tasks).toFixed(1)} ms; of ${parts.join('; of ')}`]
  for (const page of pages) {
    const { handling, lateness } = await page.call('typingMeasured')
    const pauses = (await page.call('cutsSeen')).map(({ pauseMs }) => pauseMs.toFixed(1))
    lines.push(
      `${page.name}: pauses ${pauses.join(' ')} ms; edits took ${shown(handling)}, came ${shown(lateness)} late`,
    )
  }
  console.warn(lines.join('\n'))
}

function shown({ median, p99, worst }: { median: number; p99: number; worst: number }): string {
  return `${median.toFixed(1)} / ${p99.toFixed(1)} / ${worst.toFixed(1)} ms`
}

/** The document is as small as its content, and in memory there is not much more than in a page that just came in. */
async function expectNothingLeft(
  lab: BrowserLab,
  browser: BrowserProcess,
  pages: readonly EditorPage[],
  content: string,
): Promise<void> {
  const fresh = await lab.openOne<typeof import('./pages/editor-room.js')>(EDITOR_PAGE, { browser })
  await fresh.call('join', { signaling: signaling.url, room: 'room', ...CUTTING })
  // What a link takes, a link takes in every page.
  const isIn = ({ synced, links }: Awaited<ReturnType<typeof state>>) => synced && links === pages.length
  const state = () => fresh.call('state')
  await until('a newcomer is synced and linked to all', async () => isIn(await state()), { describe: state })
  await fresh.call('mount')
  expect(await fresh.call('content')).toBe(content)
  const [bytes, heap] = [freshBytes(content), await heapDataBytes(fresh.page)]
  for (const page of pages) {
    const ownBytes = await page.call('stateBytes')
    const ownHeap = await heapDataBytes(page.page)
    // CodeMirror keeps lines as slices of the text it was given. In a newcomer's page that is the very string of the
    // document. A cut gives the document another one, and the editor's remains: in a large document that counts. What
    // there is besides shows once the editor has been given the text of now, as the newcomer's was.
    await page.call('mountAnew')
    const heapBesides = await heapDataBytes(page.page)
    const times = (own: number) => `${own} B (${(own / heap).toFixed(2)} × fresh)`
    console.warn(
      `${page.name}: ${ownBytes} B (${(ownBytes / bytes).toFixed(4)} × fresh), heap ${times(ownHeap)}, with a new editor ${times(heapBesides)}`,
    )
    expect(ownBytes).toBeLessThanOrEqual(1.01 * bytes)
    expect(heapBesides).toBeLessThanOrEqual(1.2 * heap)
    expect(ownHeap).toBeLessThanOrEqual(1.2 * heap + content.length)
  }
}
