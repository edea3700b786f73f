/**
 * The rules about who may import whom hold in this repository, and each of them is really enforced: a small
 * tree of the same layout is built, found clean, and then broken in every way that the rules forbid.
 */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const RULES = join(ROOT, '.dependency-cruiser.mjs')
const DEPCRUISE = join(ROOT, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs')

interface Violation {
  readonly rule: string
  readonly from: string
}

interface Report {
  readonly summary: {
    readonly violations: readonly { readonly from: string; readonly rule: { readonly name: string } }[]
    readonly totalCruised: number
  }
}

/** Runs the same program on the same folders as `npm run architecture`. */
async function cruise(root: string): Promise<{ violations: Violation[]; modules: number }> {
  const folders = ['packages/*/src', 'packages/*/test', 'signaling-server', 'demo', 'test', 'scripts']
  const args = [DEPCRUISE, '--config', RULES, '--output-type', 'json', ...folders]
  const output = await new Promise<string>((resolve, reject) => {
    const options = { cwd: root, maxBuffer: 64 * 1024 * 1024 }
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      if (stdout === '') reject(error ?? new Error(stderr))
      else resolve(stdout)
    })
  })
  const { summary } = JSON.parse(output) as Report
  return {
    violations: summary.violations.map(({ from, rule }) => ({ from, rule: rule.name })),
    modules: summary.totalCruised,
  }
}

/** Files of a small tree that uses everything that is allowed. */
const CLEAN_TREE: Record<string, string> = {
  'packages/core/src/index.ts': `export * from './session/session.js'\nexport * from './causality/clock.js'`,
  'packages/core/src/structure.ts': 'export interface Structure { readonly size: number }',
  'packages/core/src/causality/clock.ts': `import * as encoding from 'lib0/encoding'\nimport type { Structure } from '../structure.js'\nexport const clock = (s: Structure) => encoding.of(s.size)`,
  'packages/core/src/eviction/agreement.ts': `import { clock } from '../causality/clock.js'\nexport const agreement = clock\nexport type State = number`,
  'packages/core/src/snapshot/point.ts': `import { clock } from '../causality/clock.js'\nimport type { State } from '../eviction/agreement.js'\nexport const point = (s: State) => [s, clock]\nexport type Point = number`,
  'packages/core/src/wire/codec.ts': `import { clock } from '../causality/clock.js'\nimport type { Point } from '../snapshot/point.js'\nexport const encode = (p: Point) => [p, clock]\nexport type Frame = number[]`,
  'packages/core/src/membership/roster.ts': `import { point } from '../snapshot/point.js'\nimport type { Frame } from '../wire/codec.js'\nexport const roster = (f: Frame) => [f, point]`,
  'packages/core/src/overlay/links.ts': `import type { Frame } from '../wire/codec.js'\nimport { clock } from '../causality/clock.js'\nexport const links = (f: Frame) => [f, clock]`,
  'packages/core/src/identity/vouching.ts': `import { clock } from '../causality/clock.js'\nimport type { Point } from '../snapshot/point.js'\nimport { encode } from '../wire/codec.js'\nexport const vouching = (p: Point) => [p, clock, encode]`,
  'packages/core/src/replica/replica.ts': `import { links } from '../overlay/links.js'\nimport { roster } from '../membership/roster.js'\nimport { encode } from '../wire/codec.js'\nimport { vouching } from '../identity/vouching.js'\nexport const replica = [links, roster, encode, vouching]`,
  'packages/core/src/session/session.ts': `import { replica } from '../replica/replica.js'\nexport const session = replica`,
  'packages/core/test/clock.test.ts': `import { clock } from '../src/causality/clock.js'\nclock({ size: 1 })`,
  'packages/yjs/src/index.ts': `import { session } from '@tidemark/core'\nimport * as Y from 'yjs'\nexport const adapter = [session, Y]`,
  'packages/webrtc/src/index.ts': `import { session } from '@tidemark/core'\nexport const transport = session`,
  'packages/tidemark/src/index.ts': `import { session } from '@tidemark/core'\nimport { adapter } from '@tidemark/yjs'\nimport { transport } from '@tidemark/webrtc'\nexport const provider = [session, adapter, transport]`,
  'packages/tidemark/src/node/index.ts': `import { readFileSync } from 'node:fs'\nexport const read = readFileSync`,
  'signaling-server/bin/command.js': `import '../dist/cli.js'`,
  'signaling-server/src/index.ts': `import { createServer } from 'node:http'\nexport const server = createServer()`,
  'demo/src/main.ts': `import { provider } from 'tidemark'\nexport const demo = provider`,
  'test/room.test.ts': `import { provider } from 'tidemark'\nimport { server } from 'tidemark-signaling'\nexport const both = [provider, server]`,
  'scripts/start.mjs': `import { join } from 'node:path'\nexport const path = join('a', 'b')`,
}

interface Breach {
  readonly rule: string
  readonly file: string
  readonly code: string
}

/** One new file per forbidden import. */
const BREACHES: readonly Breach[] = [
  core('core-causality-stands-below', 'causality', '../snapshot/point.js'),
  core('core-causality-stands-below', 'causality', '../index.js'),
  core('core-eviction-stands-below', 'eviction', '../membership/roster.js'),
  core('core-snapshot-names-types-only', 'snapshot', '../eviction/agreement.js'),
  core('core-snapshot-stands-below', 'snapshot', '../membership/roster.js'),
  core('core-compaction-stands-below', 'compaction', '../membership/roster.js'),
  core('core-wire-stands-below', 'wire', '../overlay/links.js'),
  core('core-wire-names-types-only', 'wire', '../snapshot/point.js'),
  core('core-membership-stands-below', 'membership', '../overlay/links.js'),
  core('core-membership-names-types-only', 'membership', '../wire/codec.js'),
  core('core-overlay-stands-below', 'overlay', '../replica/replica.js'),
  core('core-overlay-names-types-only', 'overlay', '../snapshot/point.js'),
  core('core-identity-stands-below', 'identity', '../overlay/links.js'),
  core('core-identity-names-types-only', 'identity', '../snapshot/point.js'),
  core('core-session-stands-on-top', 'membership', '../session/session.js'),
  {
    rule: 'core-session-stands-on-top',
    file: 'packages/core/src/replica/step.ts',
    code: bind('../session/session.js'),
  },
  core('core-folders-are-concepts', 'causality', '../gossip/rumour.js'),
  core('core-stands-alone', 'causality', 'yjs'),
  core('core-stands-alone', 'causality', 'node:crypto'),
  core('core-stands-alone', 'causality', '@tidemark/yjs'),
  core('no-cycles', 'snapshot', './zigzag.js'),
  core('no-catch-all-folders', 'causality', '../utils/things.js'),
  core('no-unresolvable', 'causality', './nowhere.js'),
  shipped('yjs-uses-core-only', 'packages/yjs', '@tidemark/webrtc'),
  shipped('webrtc-uses-core-only', 'packages/webrtc', '@tidemark/yjs'),
  shipped('webrtc-knows-no-yjs', 'packages/webrtc', 'yjs'),
  shipped('packages-use-packages-only', 'packages/tidemark', 'tidemark-signaling'),
  shipped('node-entry-apart', 'packages/tidemark', './node/index.js'),
  shipped('node-entry-apart', 'packages/yjs', 'node:fs'),
  shipped('packages-by-name-only', 'packages/tidemark', '../../core/src/causality/clock.js'),
  shipped('packages-by-name-only', 'demo', '../../packages/tidemark/src/index.js'),
  shipped('shipped-code-only', 'packages/core', '../test/clock.test.js'),
  shipped('shipped-code-only', 'packages/tidemark', '../../../test/room.test.js'),
  shipped('shipped-code-only', 'packages/tidemark', '../../../scripts/start.mjs'),
  shipped('declared-packages-only', 'packages/yjs', 'undeclared'),
  shipped('signaling-server-stands-alone', 'signaling-server', '@tidemark/core'),
  shipped('demo-uses-tidemark-only', 'demo', 'tidemark-signaling'),
  shipped('keeper-uses-tidemark-only', 'packages/keeper', '@tidemark/core'),
  shipped('demo-uses-tidemark-only', 'demo', '@tidemark/core'),
  {
    rule: 'packages-by-name-only',
    file: 'test/deep.test.ts',
    code: bind('../packages/core/src/replica/replica.js'),
  },
]

/** What the breaches need besides themselves. */
const BREACH_TARGETS: Record<string, string> = {
  'packages/core/src/gossip/rumour.ts': 'export const rumour = 1',
  'packages/core/src/utils/things.ts': 'export const things = 1',
  'packages/core/src/snapshot/zigzag.ts': bind(`./${fileName('no-cycles', './zigzag.js')}.js`),
}

function core(rule: string, folder: string, target: string): Breach {
  return { rule, file: `packages/core/src/${folder}/${fileName(rule, target)}.ts`, code: bind(target) }
}

function shipped(rule: string, workspace: string, target: string): Breach {
  return { rule, file: `${workspace}/src/${fileName(rule, target)}.ts`, code: bind(target) }
}

function fileName(rule: string, target: string): string {
  return `${rule}-${target.replace(/\W+/g, '-')}`
}

function bind(target: string): string {
  return `import * as target from '${target}'\nexport const breach = target`
}

const WORKSPACES: Record<string, { name: string; dependencies: string[] }> = {
  'packages/core': { name: '@tidemark/core', dependencies: ['lib0'] },
  'packages/yjs': { name: '@tidemark/yjs', dependencies: ['@tidemark/core', 'yjs'] },
  'packages/webrtc': { name: '@tidemark/webrtc', dependencies: ['@tidemark/core'] },
  'packages/tidemark': {
    name: 'tidemark',
    dependencies: ['@tidemark/core', '@tidemark/yjs', '@tidemark/webrtc', 'yjs'],
  },
  'signaling-server': { name: 'tidemark-signaling', dependencies: [] },
  demo: { name: 'tidemark-demo', dependencies: ['tidemark'] },
  test: { name: 'tidemark-test', dependencies: ['tidemark', 'tidemark-signaling'] },
}

async function write(root: string, files: Record<string, string>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), content)
  }
}

/** The same shape of tree as npm makes it: workspaces linked into node_modules. */
async function writeWorkspaces(root: string): Promise<void> {
  await write(root, { 'package.json': JSON.stringify({ name: 'tree', private: true, type: 'module' }) })
  for (const library of ['lib0', 'yjs', 'undeclared']) {
    const exports = { './*': './index.js', '.': './index.js' }
    await write(root, {
      [`node_modules/${library}/package.json`]: JSON.stringify({ name: library, version: '1.0.0', exports }),
      [`node_modules/${library}/index.js`]: 'export const of = (x) => x',
    })
  }
  await mkdir(join(root, 'node_modules/@tidemark'))
  for (const [folder, { name, dependencies }] of Object.entries(WORKSPACES)) {
    const versions = Object.fromEntries(dependencies.map((dependency) => [dependency, '1.0.0']))
    const exports = { '.': { '@tidemark/source': './src/index.ts', default: './dist/index.js' } }
    const manifest = { name, version: '1.0.0', type: 'module', exports, dependencies: versions }
    await write(root, { [`${folder}/package.json`]: JSON.stringify(manifest) })
    await symlink(join(root, folder), join(root, 'node_modules', name))
  }
}

test('this repository keeps its rules', { timeout: 60_000 }, async () => {
  const { violations, modules } = await cruise(ROOT)
  expect(violations).toEqual([])
  expect(modules).toBeGreaterThan(20)
})

describe('the rules', () => {
  let root: string
  let clean: Violation[]
  let broken: Violation[]

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'tidemark-architecture-'))
    await writeWorkspaces(root)
    await write(root, CLEAN_TREE)
    clean = (await cruise(root)).violations
    await write(root, BREACH_TARGETS)
    await write(root, Object.fromEntries(BREACHES.map(({ file, code }) => [file, code])))
    broken = (await cruise(root)).violations
  }, 60_000)

  afterAll(async () => {
    await rm(root, { recursive: true })
  })

  test('allow what is meant to be allowed', () => {
    expect(clean).toEqual([])
  })

  test.each(BREACHES)('$rule reports $file', ({ rule, file }) => {
    expect(broken).toContainEqual({ rule, from: file })
  })

  test('are all tried here', async () => {
    const config = (await import(RULES)) as { default: { forbidden: readonly { name: string }[] } }
    const names = new Set(config.default.forbidden.map(({ name }) => name))
    // They allow nothing besides what other rules forbid already.
    for (const concept of ['causality', 'eviction', 'compaction'])
      names.delete(`core-${concept}-names-types-only`)
    expect([...names].filter((name) => !BREACHES.some(({ rule }) => rule === name))).toEqual([])
  })
})
