import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Message } from '../../src/wire/messages.js'
import { Network, type Peer, type Stranger } from '../hand-driven-network.js'
import { anyMessage, operation } from '../messages.js'
import { cut } from '../operations.js'
import { RenumberedSet } from '../renumbered-set.js'
import { SharedSet } from '../shared-set.js'

function letIn(net: Network, id: string, sponsor: Peer, renumbers: boolean): Stranger {
  const stranger = net.stranger(id, sponsor)
  stranger.say({ type: 'hello', replica: id, lineage: '', renumbers, digest: 0 })
  stranger.say({ type: 'join-request', namings: [] })
  net.settle()
  stranger.say({ type: 'installed', nonce: stranger.theOnly('welcome').nonce })
  expect(sponsor.replica.members).toContain(id)
  return stranger
}
// plausible: operations by known authors, low numbers
const small = fc.nat(6)
const op = fc
  .record({
    o: operation,
    author: fc.constantFrom('zoey', 'bert', 'anna'),
    seq: fc.integer({ min: 1, max: 4 }),
    ahead: small,
    epoch: fc.nat(2),
    behind: fc.nat(9),
    deps: fc.constantFrom(new Map(), new Map([['anna', 1]])),
  })
  .map(({ o, author, seq, ahead, epoch, behind, deps }) => {
    const clock = seq + ahead
    const d = new Map(deps)
    d.delete(author)
    const base = { ...o, author, seq, clock, epoch, deps: d }
    if (base.kind === 'update')
      return {
        ...base,
        payload: new TextEncoder().encode(
          JSON.stringify({ add: [[author + seq, 'w' + seq]], remove: ahead > 3 ? ['anna-0'] : [] }),
        ),
      }
    return base.kind === 'cut' ? { ...base, through: Math.max(0, clock - behind) } : base
  })
const opsA = fc.array(op, { maxLength: 5 })
const hash = fc.constantFrom('', '0011223344556677')
const report = fc
  .record({
    replica: fc.constantFrom('zoey', 'bert'),
    n: fc.integer({ min: 1, max: 9 }),
    seq: small,
    floor: fc.nat(12),
    ahead: small,
    epoch: fc.nat(2),
    base: hash,
  })
  .map(({ ahead, ...r }) => ({ ...r, clock: r.floor + ahead }))
const plausible: fc.Arbitrary<Message> = fc.record({
  type: fc.constant('gossip' as const),
  operations: fc.array(op, { maxLength: 4 }),
  reports: fc.array(report as any, { maxLength: 2 }) as any,
  presences: fc.constant([]),
  answer: fc.boolean(),
}) as any
const msg = fc.oneof({ weight: 3, arbitrary: plausible }, anyMessage)

for (const renumbers of [false, true]) {
  test(`hostile member, renumbers ${renumbers}`, () => {
    fc.assert(
      fc.property(fc.array(msg, { minLength: 1, maxLength: 8 }), (messages) => {
        const net = new Network()
        const make = (id: string) => (renumbers ? new RenumberedSet(id) : new SharedSet(id))
        const cfg = renumbers ? { cutMinBytes: 10, idleCutMs: 100, undoHorizonMs: 100 } : {}
        const anna = net.founder('anna', cfg, make('anna'))
        anna.type('word')
        const zoey = letIn(net, 'zoey', anna, renumbers)
        for (const m of messages) {
          if (m.type === 'hello') continue
          if (0 && !renumbers && m.type === 'gossip' && m.operations.some((o) => o.kind === 'cut')) continue
          zoey.say(m)
          net.pass(50)
        }
        net.pass(3000)
      }),
      { numRuns: 6000 },
    )
  })
  test(`hostile sponsor, renumbers ${renumbers}`, () => {
    fc.assert(
      fc.property(fc.array(anyMessage, { minLength: 1, maxLength: 8 }), (messages) => {
        const net = new Network()
        const anna = net.seeker('anna', {}, renumbers ? new RenumberedSet('anna') : new SharedSet('anna'))
        const zoey = net.stranger('zoey', anna)
        zoey.say({ type: 'hello', replica: 'zoey', lineage: 'zoey', renumbers, digest: 0 })
        let nonce = 1
        for (const m of messages) {
          if (m.type === 'hello') continue
          const fixed: any = { ...m }
          if (m.type === 'welcome') nonce = m.nonce
          if (m.type === 'piece') {
            fixed.nonce = nonce
            fixed.bytes = new Uint8Array()
            fixed.index = 0
            fixed.last = true
          }
          if (m.type === 'go') fixed.nonce = nonce
          try {
            zoey.say(fixed)
            net.pass(50)
          } catch (e) {
            if (!/log gap/.test(String(e))) throw e
            return
          }
        }
        net.pass(3000)
      }),
      { numRuns: 2000 },
    )
  })
  test(`hostile sponsor in order, renumbers ${renumbers}`, () => {
    const byType = (t: string) => anyMessage.filter((m) => m.type === t)
    fc.assert(
      fc.property(
        fc.tuple(anyMessage, fc.gen()),
        opsA,
        opsA,
        fc.nat(3),
        fc.nat(9),
        fc.nat(9),
        (_x, ops, goOps, epoch, through, point) => {
          const net = new Network()
          const anna = net.seeker('anna', {}, renumbers ? new RenumberedSet('anna') : new SharedSet('anna'))
          const zoey = net.stranger('zoey', anna)
          zoey.say({ type: 'hello', replica: 'zoey', lineage: 'zoey', renumbers, digest: 0 })
          zoey.say({
            type: 'welcome',
            nonce: 1,
            lineage: 'zoey',
            clock: 9,
            epoch,
            point,
            floor: point,
            applied: new Map([
              ['zoey', 0],
              ['bert', 0],
            ]),
            namings: [],
            base: { through, hash: '', applied: new Map(), members: [] },
            members: [
              { replica: 'zoey', joined: 0, sponsor: undefined, known: 9, floor: 9, n: 0, epoch, since: 0 },
            ],
          })
          if (0 && !renumbers && [...ops, ...goOps].some((o: any) => o.kind === 'cut')) return
          try {
            zoey.say({
              type: 'piece',
              nonce: 1,
              index: 0,
              last: true,
              permille: 1000,
              bytes: new Uint8Array(),
              operations: ops as any,
            })
            zoey.say({
              type: 'go',
              nonce: 1,
              epoch,
              base: '',
              operations: [
                ...(goOps as any),
                {
                  kind: 'join',
                  author: 'zoey',
                  seq: 1,
                  clock: 10,
                  deps: new Map(),
                  epoch,
                  who: 'anna',
                  floor: 0,
                },
              ],
            })
            net.pass(3000)
            if (anna.replica.status === 'member') {
              anna.type('x')
              anna.feed({ type: 'compact' })
            }
            net.pass(3000)
          } catch (e) {
            if (!/log gap/.test(String(e))) throw e
          }
        },
      ),
      { numRuns: 2000 },
    )
  })
}
