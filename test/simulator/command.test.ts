/**
 * The command `npm run sim`: what it prints and how it ends.
 */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundle, CACHE } from './bundle.mjs'
import { MUTANTS } from './mutants.js'

interface Run {
  readonly code: number
  readonly output: string
}

function node(...args: string[]): Promise<Run> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, { maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr })
    })
  })
}

const SIM = fileURLToPath(new URL('sim.mjs', import.meta.url))
const sim = (...args: string[]) => node(SIM, ...args)
const lastLine = ({ output }: Run) => output.trimEnd().split('\n').at(-1) ?? ''

describe('npm run sim', { timeout: 60_000 }, () => {
  beforeAll(() => mkdir(CACHE, { recursive: true }))

  test('runs the schedules it is told to, and says so in JSON', async () => {
    const run = await sim('--schedules', '6', '--first-seed', '1', '--workers', '2', '--json')
    expect(run.code, run.output).toBe(0)
    const { schedules, violations, perSecond, faults, coverage, unmet } = JSON.parse(lastLine(run))
    expect({ schedules, violations }).toEqual({ schedules: 6, violations: 0 })
    expect(perSecond).toBeGreaterThan(0)
    expect(faults.joins).toBeGreaterThan(0)
    expect(coverage['let in']).toBeGreaterThan(0)
    expect(unmet).toContain('evicted while cutting')
    expect(run.output).toMatch(/Faults injected, by kind\n +[\d,]+ {2}/)
    expect(run.output).toMatch(/Situations met, the rarest first\n {2}[a-z ]+: 0 /)
    expect(run.output).toMatch(/ {2}evicted while cutting: 0\b/)
  })

  test('stops when its time is up', async () => {
    const run = await sim('--minutes', '0.02', '--workers', '1')
    expect(run.code, run.output).toBe(0)
    expect(lastLine(run)).toMatch(/^[1-9]\d* schedules, 0 violations/)
  })

  test('tells one schedule as a story', async () => {
    const run = await sim('--seed', '3', '--trace')
    expect(run.code).toBe(0)
    expect(run.output).toMatch(/founds the room/)
    expect(run.output).toMatch(/decides the snapshot point/)
    expect(lastLine(run)).toMatch(/^seed 3: no violation; .* trace [0-9a-f]{8}$/)
  })

  test('draws one schedule', async () => {
    const file = join(await mkdtemp(join(CACHE, 'drawn-')), 'seed.html')
    const run = await sim('--seed', '12', '--diagram', file)
    expect(run.code, run.output).toBe(0)
    const html = await readFile(file, 'utf8')
    expect(html).toContain('<h1>Seed 12</h1>')
    expect(html).toContain('founds the room as')
    await rm(dirname(file), { recursive: true })
  })

  test('explains what it does not understand', async () => {
    for (const args of [
      ['--schedules', 'many'],
      ['--nonsense'],
      ['--trace'],
      ['--diagram', 'x.html'],
      ['--replay', '1:t'],
    ]) {
      const run = await sim(...args)
      expect(run.code).toBe(2)
      expect(run.output).toContain('npm run sim --')
    }
  })
})

describe('a violation', { timeout: 60_000 }, () => {
  let folder = ''
  let program = ''

  beforeAll(async () => {
    await mkdir(CACHE, { recursive: true })
    folder = await mkdtemp(join(CACHE, 'command-'))
    const file = join(folder, 'broken.mjs')
    const mutant = MUTANTS.find(({ name }) => name === 'the snapshot point is our own floor')
    await bundle(fileURLToPath(new URL('run/main.ts', import.meta.url)), file, mutant)
    const url = JSON.stringify(pathToFileURL(file).href)
    program = `const { main } = await import(${url}); process.exitCode = await main(process.argv.slice(1), ${JSON.stringify(file)})`
  })
  afterAll(() => rm(folder, { recursive: true }))

  const broken = (...args: string[]) => node('--input-type=module', '-e', program, '--', ...args)

  test('is shown with its seed and the command that repeats it', async () => {
    const run = await broken('--schedules', '3', '--first-seed', '1', '--workers', '1', '--json')
    expect(run.code, run.output).toBe(1)
    expect(run.output).toMatch(/VIOLATION {2}seed 1: snapshot safety/)
    expect(run.output).toContain('npm run sim -- --seed 1 --trace')
    const { violations, failures } = JSON.parse(lastLine(run))
    expect(violations).toBeGreaterThan(0)
    expect(run.output).toContain(`npm run sim -- --replay '${failures[0].shrunk.replay}' --trace`)
    expect(failures[0].shrunk.after.steps).toBeLessThanOrEqual(failures[0].shrunk.before.steps)
  })

  test('is not made small if that may take no time', async () => {
    const run = await broken(
      '--schedules',
      '1',
      '--first-seed',
      '1',
      '--workers',
      '1',
      '--shrink-seconds',
      '0',
    )
    expect(run.code, run.output).toBe(1)
    expect(run.output).not.toContain('--replay')
  })

  test('is the end of the story', async () => {
    const run = await broken('--seed', '1', '--trace')
    expect(run.code).toBe(1)
    expect(run.output).toMatch(/ ! {4}snapshot safety/)
  })
})
