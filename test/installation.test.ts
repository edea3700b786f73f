/**
 * When `npm start` and `npm test` install dependencies, and when they leave node_modules alone.
 */
import { expect, test } from 'vitest'
import { missingPackages } from '../scripts/dependencies.mjs'

const MACHINE = { platform: 'linux', arch: 'x64' }
const yjs = { version: '13.6.33', integrity: 'sha512-a' }
const native = { version: '1.0.0', integrity: 'sha512-b', optional: true, os: ['linux'], cpu: ['x64'] }

function missing(locked: Parameters<typeof missingPackages>[0], installed: typeof locked): string[] {
  return missingPackages(locked, installed, MACHINE)
}

test('nothing is missing where all of the lock file is installed', () => {
  const locked = { '': { version: '1.0.0' }, 'node_modules/yjs': yjs, 'node_modules/native': native }
  expect(missing(locked, { 'node_modules/yjs': yjs, 'node_modules/native': native })).toEqual([])
})

test('a package that is absent, of another version or of other content is missing', () => {
  const locked = { 'node_modules/yjs': yjs }
  expect(missing(locked, {})).toEqual(['node_modules/yjs'])
  expect(missing(locked, { 'node_modules/yjs': { ...yjs, version: '13.6.32' } })).toEqual([
    'node_modules/yjs',
  ])
  expect(missing(locked, { 'node_modules/yjs': { ...yjs, integrity: 'sha512-c' } })).toEqual([
    'node_modules/yjs',
  ])
})

test('a workspace that is not linked is missing', () => {
  const locked = { 'node_modules/tidemark': { resolved: 'packages/tidemark', link: true } }
  expect(missing(locked, { 'node_modules/tidemark': { version: '0.1.0' } })).toEqual([
    'node_modules/tidemark',
  ])
})

test('an optional package is missing only on the kind of machine that it is made for', () => {
  const locked = { 'node_modules/native': native }
  expect(missing(locked, {})).toEqual(['node_modules/native'])
  expect(missingPackages(locked, {}, { platform: 'darwin', arch: 'arm64' })).toEqual([])
  expect(missing({ 'node_modules/native': { ...native, libc: ['musl'] } }, {})).toEqual([])
})
