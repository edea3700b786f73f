/**
 * What has to hold for every editor whose document is compacted under it.
 */
import * as prng from 'lib0/prng'
import type { EditorHandle, OpenEditor } from './editor-handle.js'
import { EditorsInRoom } from './editors-in-room.js'

/** Cuts by policy leave the last minute alone, so that it can be undone. */
const HORIZON_MS = 60_000
/** Garbage enough for a cut by policy. */
const GARBAGE_CHARACTERS = 80_000
const UNDO_STEPS = 20

type Scenario<Result> = (world: EditorsInRoom, ...args: number[]) => Promise<Result>

export function scenarios(open: OpenEditor, seedRandomness: (seed: number) => void) {
  const run =
    <Result>(scenario: Scenario<Result>) =>
    async (seed: number, ...args: number[]): Promise<Result> => {
      seedRandomness(seed)
      const world = new EditorsInRoom(prng.create(seed), open)
      try {
        return await scenario(world, ...args)
      } finally {
        world.close()
      }
    }
  return {
    typeAtRandom: run(typeAtRandom),
    keepSelections: run(keepSelections),
    undoAfterCut: run(undoAfterCut),
    undoAfterCutOfEverything: run(undoAfterCutOfEverything),
  }
}

/** All type, delete, format, undo and redo at random, and cuts come about between the steps. */
async function typeAtRandom(world: EditorsInRoom, steps = 0) {
  const { room } = world
  for (let i = 0; i < steps; i++) {
    if (world.chance(5)) room.requestCut()
    if (world.chance(60)) room.advance(prng.int32(world.generator, 1, 200))
    if (world.chance(5)) await world.tasks()
    world.changeAtRandom(world.someEditor())
  }
  const cutsBetweenSteps = room.lowestEpoch()
  room.settle()
  await world.tasks()
  world.typeLastWords()
  await world.tasks()
  room.settle()
  world.check('after all steps')
  room.cut()
  await world.tasks()
  world.check('after a last cut')
  return { cutsBetweenSteps, cuts: room.lowestEpoch() }
}

/** A selection, and what others see of it, stays at its characters through a cut. */
async function keepSelections(world: EditorsInRoom): Promise<void> {
  const { room } = world
  const [writer] = world.editors
  if (!writer) throw new Error('there is no editor')
  const words = world.typeWords(writer, 60)
  room.settle()
  for (const author of world.editors) {
    const kept = await scatterGarbage(world, words)
    const target = kept[kept.length >> 1] as string
    const bystanders = kept.filter((word) => word !== target)
    for (const part of ['word', 'middle'] as const) {
      const { from, to } = world.whereIs(author, target)
      author.focus()
      author.select(part === 'word' ? { from, to } : { from: from + 2, to: from + 2 })
      await world.tasks()
      room.advance(500)
      await world.tasks()
      const expected = part === 'word' ? target : `${target.slice(0, 2)}|${target.slice(2)}`
      expectSelection(author, expected, 'before the cut')
      if (part === 'word') expectShown(world, author, target, 'before the cut')
      await cutWhileOthersType(world, author, bystanders)
      expectSelection(author, expected, 'after the cut')
      if (part === 'word') expectShown(world, author, target, 'after the cut')
      world.check('after the cut')
    }
    words.splice(0, words.length, ...kept)
  }
}

/** Types words and removes them and some others. @returns the words that are left. */
async function scatterGarbage(world: EditorsInRoom, words: readonly string[]): Promise<string[]> {
  const kept = words.filter((word, i) => {
    if (i % 4 !== 1) return true
    world.removeWord(world.someEditor(), word)
    world.room.advance(200)
    return false
  })
  for (const word of kept.filter((_, i) => i % 3 === 0)) {
    const editor = world.someEditor()
    const added = world.typeBefore(editor, word)
    world.removeWord(editor, added)
    world.room.advance(200)
  }
  await world.tasks()
  world.room.settle()
  return kept
}

async function cutWhileOthersType(
  world: EditorsInRoom,
  author: EditorHandle,
  words: string[],
): Promise<void> {
  const { room } = world
  const before = room.lowestEpoch()
  room.requestCut()
  for (let i = 0; room.lowestEpoch() === before; i++) {
    if (i > 100) throw new Error('no cut came about')
    const other = prng.oneOf(
      world.generator,
      world.editors.filter((editor) => editor !== author),
    )
    world.typeBefore(other, prng.oneOf(world.generator, words))
    room.advance(100)
    await world.tasks()
  }
  room.settle()
  await world.tasks()
}

function expectSelection(author: EditorHandle, expected: string, when: string): void {
  const { from, to } = author.selection()
  const isCaret = from === to
  const halves = [author.textOf({ from: from - 2, to: from }), author.textOf({ from, to: from + 2 })]
  const seen = isCaret ? halves.join('|') : author.textOf({ from, to })
  const wanted = isCaret ? expected.slice(0, 5) : expected
  if (seen !== wanted) throw new Error(`${when}: the selection is at "${seen}", not at "${wanted}"`)
}

function expectShown(world: EditorsInRoom, author: EditorHandle, expected: string, when: string): void {
  for (const [index, editor] of world.editors.entries()) {
    if (editor === author) continue
    const shown = editor.selectionsOfOthers().map((range) => editor.textOf(range))
    if (!shown.includes(expected))
      throw new Error(`${when}: editor ${index} shows ${JSON.stringify(shown)}, not "${expected}"`)
  }
}

/** The last 20 steps, deletions included, can be undone and redone after a cut that the policy made. */
async function undoAfterCut(world: EditorsInRoom): Promise<void> {
  const { room } = world
  const [author, ...others] = world.editors
  if (!author) throw new Error('there is no editor')
  const words = world.typeWords(author, 60)
  for (let i = 0; i < GARBAGE_CHARACTERS; i += 4000) author.insert(0, 'x'.repeat(4000))
  author.remove({ from: world.whereIs(author, 'x'.repeat(4000)).from, to: endOfGarbage(author) })
  room.settle()
  room.advance(HORIZON_MS / 2)
  const before = room.lowestEpoch()
  const history = await editInSteps(world, author, words)
  // Nobody may fall silent: in an idle room, everything is cut.
  for (let waited = 0; room.lowestEpoch() === before; waited += 500) {
    if (waited > 2 * HORIZON_MS) throw new Error('the policy made no cut')
    if (waited % 5000 === 0) world.typeBefore(others[0] as EditorHandle, words[0] as string)
    room.advance(500)
  }
  room.settle()
  world.check('after the cut')
  await undoAndRedo(world, author, history)
}

function endOfGarbage(editor: EditorHandle): number {
  const text = editor.text()
  const count = text.split('x').length - 1
  return (editor.find('x'.repeat(4000))?.from ?? 0) + count
}

/** After an explicit cut of everything, insertions can be undone and redone; deletions are beyond recall. */
async function undoAfterCutOfEverything(world: EditorsInRoom): Promise<void> {
  const { room } = world
  const [author] = world.editors
  if (!author) throw new Error('there is no editor')
  const words = world.typeWords(author, 60)
  room.settle()
  await scatterGarbage(world, words.slice(20))
  const history = await editInSteps(world, author, [])
  room.cut()
  world.check('after the cut')
  await undoAndRedo(world, author, history)
}

/** For each number of steps that are not undone: words that are there, and words that are not. */
type History = { readonly present: string[]; readonly absent: string[] }[]

/** Twenty undo steps: words typed and words deleted in turn, while others type. */
async function editInSteps(
  world: EditorsInRoom,
  author: EditorHandle,
  deletable: string[],
): Promise<History> {
  const { room } = world
  author.undoManager.clear()
  author.undoManager.stopCapturing()
  const anchors = wordsIn(author)
  const doomed = deletable.slice(1, 1 + UNDO_STEPS / 2)
  const safe = anchors.filter((word) => !doomed.includes(word))
  const present = [...anchors]
  const absent: string[] = []
  const history: History = [{ present: [...present], absent: [] }]
  for (let i = 0; i < UNDO_STEPS; i++) {
    const word = i % 2 === 1 ? doomed[i >> 1] : undefined
    if (word === undefined) {
      present.push(world.typeBefore(author, prng.oneOf(world.generator, safe)))
    } else {
      world.removeWord(author, word)
      present.splice(present.indexOf(word), 1)
      absent.push(word)
    }
    author.undoManager.stopCapturing()
    history.push({ present: [...present], absent: [...absent] })
    world.typeBefore(world.editors[1 + (i % 2)] as EditorHandle, safe[0] as string)
    room.advance(200)
    await world.tasks()
  }
  return history
}

function wordsIn(editor: EditorHandle): string[] {
  return editor.text().match(/w\d+w/g) ?? []
}

async function undoAndRedo(world: EditorsInRoom, author: EditorHandle, history: History): Promise<void> {
  const depth = author.undoManager.undoStack.length
  if (depth !== UNDO_STEPS) throw new Error(`there are ${depth} steps to undo`)
  for (let step = UNDO_STEPS - 1; step >= 0; step--) {
    author.undo()
    await expectWords(world, author, history, step, 'undone')
  }
  world.room.settle()
  world.check('after undoing')
  for (let step = 1; step <= UNDO_STEPS; step++) {
    author.redo()
    await expectWords(world, author, history, step, 'redone')
  }
  world.room.settle()
  world.check('after redoing')
}

async function expectWords(
  world: EditorsInRoom,
  author: EditorHandle,
  history: History,
  step: number,
  how: string,
): Promise<void> {
  const words = new Set(wordsIn(author))
  const { present, absent } = history[step] as History[number]
  const all = (history[UNDO_STEPS] as History[number]).present
  const missing = present.filter((word) => !words.has(word))
  const kept = [...absent, ...all.filter((word) => !present.includes(word))].filter((word) => words.has(word))
  const undoneTypings = kept.filter((word) => !present.includes(word))
  if (missing.length > 0 || undoneTypings.length > 0) {
    throw new Error(
      `${how} to step ${step}: "${missing.join(' ')}" is missing, "${undoneTypings.join(' ')}" is still there`,
    )
  }
  world.room.advance(20)
  await world.tasks()
}
