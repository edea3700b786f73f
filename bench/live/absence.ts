/** What happens when somebody is away: killed while typing, or offline while the others go on. */
import type { Figure, Measurement, MeasurementContext, Row, Table } from '../measurement.js'
import { medianFigure } from '../statistics.js'
import { type ChromiumRoom, type Page, withChromiumRoom } from './chromium-room.js'
import { LIBRARIES, type Library, TIDEMARK } from './libraries.js'
import { sleep, tookMs } from './waiting.js'

/** Undefined: not within the time limit. */
type Took = number | undefined

/** What one run of a scene gave. */
interface Scene {
  readonly times: Readonly<Record<string, Took>>
  /** Typed by whoever is away, and found with the others at the end. */
  readonly typed: number
  readonly kept: number
  readonly isSame: boolean
  readonly documentBytes: number
  /** What is visible in it. */
  readonly characters: number
}

const RUNS = 3
const QUICK_RUNS = 1
const TIME_LIMIT_MS = 60_000
const QUICK_TIME_LIMIT_MS = 20_000
const KILLED_AFTER_MS = 5000
const GAP_MS = 125
const LETTERS_OFFLINE = 40
/** Written and, two thirds of it, erased again while somebody is away. */
const LITTLE_CHARACTERS = 30_000
/** What is left of it does not fit into one message of y-webrtc. */
const MUCH_CHARACTERS = 900_000
const PIECE_CHARACTERS = 60
/** Letters that the text itself does not have. */
const VICTIM = 'V'
const AWAY = 'Z'

const LINK_GONE = 'link given up after'
const NOT_PRESENT = 'no longer counted as present after'
const COMPACTED = 'compacted after'
const SAME_AGAIN = 'all the same again after'

export const absence: Measurement = {
  name: 'absence',
  question: 'What becomes of the room, the document and the edits when somebody is away?',
  async measure(context) {
    const tables = [
      await table(
        'One of three browsers is killed while it types',
        [LINK_GONE, NOT_PRESENT, COMPACTED],
        killed,
        context,
      ),
    ]
    for (const characters of context.quick ? [LITTLE_CHARACTERS] : [LITTLE_CHARACTERS, MUCH_CHARACTERS]) {
      tables.push(
        await table(
          `One is offline and types; the others write ${characters} characters`,
          [SAME_AGAIN],
          offline(characters),
          context,
        ),
      )
    }
    return { tables, targets: [], plots: [], conditions: CONDITIONS }
  },
}

const CONDITIONS = [
  'Three browsers, a process each, with one page each. The killed one gets SIGKILL while it types 8 letters a second; times count from there.',
  'Offline is what both libraries offer for it: disconnect, edit, connect; times count from there. Meanwhile one of the others writes, and erases two thirds of what it has written.',
  'The document is what Yjs encodes of it at the end. Tidemark has been asked to compact, which a room does by itself after a while; where somebody was killed it was asked at once, and the time is until it could. y-webrtc has nothing like that.',
]

type Play = (library: Library, room: ChromiumRoom, limitMs: number) => Promise<Scene>

/** One scene with both libraries, as a table of what happens. */
async function table(
  title: string,
  times: readonly string[],
  play: Play,
  { quick, say }: MeasurementContext,
): Promise<Table> {
  const limitMs = quick ? QUICK_TIME_LIMIT_MS : TIME_LIMIT_MS
  const rows: Row[] = []
  for (const library of LIBRARIES) {
    const scenes: Scene[] = []
    for (let i = 0; i < (quick ? QUICK_RUNS : RUNS); i++) {
      const scene = await withChromiumRoom(library, (room) => play(library, room, limitMs))
      say(`${title}, ${library.name}: ${JSON.stringify(scene)}`)
      scenes.push(scene)
    }
    const took = times.map(
      (name) =>
        [
          name,
          timeOf(
            scenes.map((scene) => scene.times[name]),
            limitMs,
          ),
        ] as const,
    )
    if (library !== TIDEMARK) took.push([COMPACTED, 'does not exist'])
    rows.push({
      who: library.name,
      figures: {
        ...Object.fromEntries(took),
        'its letters kept': keptOf(scenes),
        'all the same at the end': scenes.every(({ isSame }) => isSame) ? 'yes' : 'no',
        document: medianFigure(
          'bytes',
          scenes.map(({ documentBytes }) => documentBytes),
        ),
        'of it visible': medianFigure(
          'count',
          scenes.map(({ characters }) => characters),
        ),
      },
    })
  }
  return {
    title,
    columns: [...times, 'its letters kept', 'all the same at the end', 'document', 'of it visible'],
    rows,
  }
}

const killed: Play = async (library, room, limitMs) => {
  const victimBrowser = await room.lab.launch()
  const others = [await room.join(), await room.join(await room.lab.launch())]
  const victim = await room.join(victimBrowser)
  await writeAndErase(others[0], LITTLE_CHARACTERS)
  // Its end comes before that of its typing.
  victim.call('type', { letter: VICTIM, keystrokes: 10_000, gapMs: GAP_MS, seed: 1 }).catch(() => {})
  await sleep(KILLED_AFTER_MS)
  const typed = (await victim.call('typedAt')).length
  await victimBrowser.kill()
  const every = (holds: (state: { neighbours: readonly string[]; present: number }) => boolean) => async () =>
    (await Promise.all(others.map((page) => page.call('state')))).every(holds)
  const [linkMs, presentMs, compactMs] = await Promise.all([
    tookMs(
      every(({ neighbours }) => neighbours.length === 1),
      limitMs,
    ),
    tookMs(
      every(({ present }) => present === 1),
      limitMs,
    ),
    library === TIDEMARK ? others[0]?.call('compactWithin', limitMs) : undefined,
  ])
  const times = { [LINK_GONE]: linkMs, [NOT_PRESENT]: presentMs, [COMPACTED]: compactMs }
  return { times, typed, ...(await ending(others, VICTIM)) }
}

function offline(characters: number): Play {
  return async (library, room, limitMs) => {
    const { lab } = room
    const pages = [
      await room.join(),
      await room.join(await lab.launch()),
      await room.join(await lab.launch()),
    ]
    const [writer, , away] = pages
    if (!away) throw new Error('three pages joined')
    await away.call('disconnect')
    const typing = { letter: AWAY, keystrokes: LETTERS_OFFLINE, gapMs: GAP_MS, seed: 1 }
    await Promise.all([away.call('type', typing), writeAndErase(writer, characters)])
    await away.call('connect')
    const sameMs = await tookMs(() => isSame(pages), limitMs)
    if (library === TIDEMARK) await writer?.call('compactWithin', limitMs)
    return { times: { [SAME_AGAIN]: sameMs }, typed: LETTERS_OFFLINE, ...(await ending(pages, AWAY)) }
  }
}

async function writeAndErase(page: Page | undefined, characters: number): Promise<void> {
  await page?.call('fill', characters, PIECE_CHARACTERS)
  await page?.call('thinOut', PIECE_CHARACTERS)
}

async function isSame(pages: readonly Page[]): Promise<boolean> {
  const sums = await Promise.all(pages.map((page) => page.call('checksum')))
  return new Set(sums).size === 1
}

/** How it looks with the first of them, who was never away, and whether all agree. */
async function ending(pages: readonly Page[], letter: string) {
  const [first] = pages
  if (!first) throw new Error('nobody is left')
  const content = await first.call('content')
  return {
    kept: content.split(letter).length - 1,
    isSame: await isSame(pages),
    documentBytes: await first.call('documentBytes'),
    characters: content.length,
  }
}

function timeOf(runs: readonly Took[], limitMs: number): Figure | string {
  const times = runs.flatMap((ms) => ms ?? [])
  return times.length === runs.length ? medianFigure('ms', times) : `not within ${limitMs / 1000} s`
}

/** Somebody may have typed another one between the count and the kill. */
function keptOf(scenes: readonly Scene[]): string {
  const total = (of: (scene: Scene) => number) => scenes.reduce((sum, scene) => sum + of(scene), 0)
  const typed = total((scene) => scene.typed)
  return `${Math.min(
    typed,
    total(({ kept }) => kept),
  )} of ${typed}`
}
