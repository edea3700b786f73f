/**
 * The rules of `docs/protocol.md` and the tests of this repository name each other: every rule is named by the
 * title of a test that runs, and nobody names a rule that does not exist.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const SKIPPED_FOLDERS = new Set(['node_modules', 'dist', '.git'])

interface Mention {
  readonly rule: string
  readonly file: string
}

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return SKIPPED_FOLDERS.has(entry.name) ? [] : sourceFiles(path)
    return /\.(ts|tsx|mjs)$/.test(entry.name) ? [path] : []
  })
}

function rulesIn(protocol: string): Set<string> {
  return new Set([...protocol.matchAll(/^- \*\*([A-Z]{2}\d+)\*\*/gm)].map(([, rule = '']) => rule))
}

/** The letters that rule numbers begin with. */
function chapters(rules: ReadonlySet<string>): string {
  return [...new Set([...rules].map((rule) => rule.slice(0, 2)))].join('|')
}

/** Rules at the beginning of test titles: `[SP3]`, or `[JO3, SP2]`. Tests that do not run do not count. */
function rulesInTitles(code: string): string[] {
  const titles = code.matchAll(
    /\b(?:it|test|describe)((?:\.\w+)*)\(\s*(?:[^'"`\n]*\)\()?\s*['"`]\[([A-Z]{2}\d+(?:, [A-Z]{2}\d+)*)\]/g,
  )
  return [...titles].flatMap(([, how = '', names = '']) => (/skip|todo/.test(how) ? [] : names.split(', ')))
}

/** Rules that comments speak about. */
function rulesInComments(code: string, begins: string): string[] {
  const comments = [...code.matchAll(/\/\*[\s\S]*?\*\/|(?:^|\s)\/\/.*$/gm)]
    .map(([comment]) => comment)
    .join('\n')
  return comments.match(new RegExp(`\\b(?:${begins})\\d+\\b`, 'g')) ?? []
}

function mentions(find: (code: string) => string[], files: readonly string[]): Mention[] {
  return files.flatMap((file) => {
    const code = readFileSync(file, 'utf8')
    return find(code).map((rule) => ({ rule, file: relative(ROOT, file) }))
  })
}

describe('the rules', () => {
  const rules = rulesIn(readFileSync(join(ROOT, 'docs/protocol.md'), 'utf8'))
  const files = sourceFiles(ROOT)
  const inTitles = mentions(
    rulesInTitles,
    files.filter((file) => file.endsWith('.test.ts')),
  )

  test('are found at all', () => {
    expect(rules.size).toBeGreaterThan(40)
    expect(files.length).toBeGreaterThan(50)
  })

  test('are each named by the title of a test', () => {
    const named = new Set(inTitles.map(({ rule }) => rule))
    expect([...rules].filter((rule) => !named.has(rule))).toEqual([])
  })

  test('are the only ones that tests and comments name', () => {
    const inComments = mentions((code) => rulesInComments(code, chapters(rules)), files)
    expect([...inTitles, ...inComments].filter(({ rule }) => !rules.has(rule))).toEqual([])
  })
})

describe('finding rules', () => {
  test('knows the ways to write a title', () => {
    const code = [
      `test('[OP1] one', () => {})`,
      `it("[OP2, OP3] two", () => {})`,
      'test.each(STEPS)(`[SP1] %s`, () => {})',
      `test.skip('[SP2] not now', () => {})`,
      `test('no rule', () => expect('[SP3]').toBe(1))`,
    ].join('\n')
    expect(rulesInTitles(code)).toEqual(['OP1', 'OP2', 'OP3', 'SP1'])
  })

  test('knows both kinds of comments, and what only looks like a rule', () => {
    const code = [
      '/** As rule OP1 says. */',
      '  // See SP8.',
      `const OP3 = 'RE1 https://RE2'`,
      '// UTF16 AES128',
    ].join('\n')
    expect(rulesInComments(code, 'OP|SP|RE')).toEqual(['OP1', 'SP8'])
  })
})
