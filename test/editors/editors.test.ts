/**
 * Editors in one room whose document is compacted under them: CodeMirror, ProseMirror, Tiptap, Quill and Monaco, each
 * with the binding that its users have.
 */
import { describe, expect } from 'vitest'
import { type TestPage, browserTest as test } from '../browser/harness/index.js'

type Scenarios = typeof import('./bindings/codemirror.js')

const EDITORS = ['codemirror', 'prosemirror', 'tiptap', 'quill', 'monaco']
const STEPS = Number(process.env['EDITOR_STEPS'] ?? 300)
const ROUNDS = Number(process.env['EDITOR_ROUNDS'] ?? 3)
/** Drawn anew where nobody waits for the same result as the last time. */
const FIRST_SEED = Number(
  process.env['EDITOR_SEED'] ?? (process.env['CI'] ? 1 : Math.floor(Math.random() * 1e9)),
)

describe.each(EDITORS)('%s', (editor) => {
  const page = new URL(`./bindings/${editor}.ts`, import.meta.url)

  test('shows what its document says, whatever is typed and undone between cuts', {
    timeout: 300_000,
  }, async ({ lab }) => {
    const { call } = seeded(await lab.openOne<Scenarios>(page))
    let cutsBetweenSteps = 0
    for (let i = 0; i < ROUNDS; i++)
      cutsBetweenSteps += (await call('typeAtRandom', FIRST_SEED + i, STEPS)).cutsBetweenSteps
    expect(cutsBetweenSteps).toBeGreaterThan(ROUNDS * 2)
  })

  test('keeps selections and the cursors of others at their characters', { timeout: 60_000 }, async ({
    lab,
  }) => {
    await seeded(await lab.openOne<Scenarios>(page)).call('keepSelections', FIRST_SEED)
  })

  test('undoes and redoes the last 20 steps after a cut that the policy made', {
    timeout: 60_000,
  }, async ({ lab }) => {
    await seeded(await lab.openOne<Scenarios>(page)).call('undoAfterCut', FIRST_SEED)
  })

  test('undoes and redoes insertions after a cut of everything', { timeout: 60_000 }, async ({ lab }) => {
    await seeded(await lab.openOne<Scenarios>(page)).call('undoAfterCutOfEverything', FIRST_SEED)
  })
})

/** Says in a failure which seed it had. */
function seeded(page: TestPage<Scenarios>) {
  return {
    async call<Name extends keyof Scenarios>(name: Name, seed: number, ...args: number[]) {
      try {
        return await page.call(name, ...([seed, ...args] as Parameters<Scenarios[Name]>))
      } catch (error) {
        throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : error}`, { cause: error })
      }
    },
  }
}
