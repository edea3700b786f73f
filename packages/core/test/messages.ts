/**
 * Arbitrary well-formed messages, of every type.
 */
import fc from 'fast-check'
import { BASE_HASH_BYTES, type BaseState } from '../src/compaction/base.js'
import { type AgreementState, NO_BALLOT } from '../src/eviction/acceptor-state.js'
import type { Naming, Operation } from '../src/index.js'
import type { Report } from '../src/snapshot/report.js'
import type { Message, Presence, WelcomeMember } from '../src/wire/messages.js'

const ID_CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-'
const uint = fc.oneof(fc.nat(300), fc.nat(), fc.maxSafeNat())
const frequentId = fc.constantFrom('anna', 'bert', 'cleo')
const rareId = fc.string({ unit: fc.constantFrom(...ID_CHARACTERS), minLength: 4, maxLength: 32 })
const id = fc.oneof({ weight: 3, arbitrary: frequentId }, rareId)
const payload = fc.uint8Array({ maxLength: 60 })
const vector = fc
  .uniqueArray(fc.tuple(id, uint), { selector: ([one]) => one, maxLength: 6 })
  .map((all) => new Map(all))
/** Text that is well-formed, as all text on the wire must be. */
const text = (maxLength: number) =>
  fc.string({ unit: 'grapheme', maxLength: Math.min(maxLength, 40) }).filter((all) => all.length <= maxLength)

/** Hexadecimal, as bases are named in memory; the empty one is that of epoch 0. */
const baseHash = fc.oneof(
  fc.constant(''),
  fc
    .uint8Array({ minLength: BASE_HASH_BYTES, maxLength: BASE_HASH_BYTES })
    .map((bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')),
)

const naming: fc.Arbitrary<Naming> = fc.record({ lineage: text(64), epoch: uint })
const namings = fc.array(naming, { maxLength: 5 })

const base: fc.Arbitrary<BaseState> = fc.record({
  through: uint,
  hash: baseHash,
  applied: vector,
  members: fc.array(id, { maxLength: 5 }),
})

const head = fc
  .record(
    {
      author: id,
      seq: fc.integer({ min: 1, max: 1e9 }),
      ahead: fc.nat(),
      deps: vector,
      epoch: uint,
      base: baseHash,
    },
    { requiredKeys: ['author', 'seq', 'ahead', 'deps', 'epoch'] },
  )
  .map(({ ahead, deps, ...rest }) => {
    const others = new Map([...deps].filter(([author]) => author !== rest.author))
    return { ...rest, deps: others, clock: rest.seq + ahead }
  })

/** Sets of the last stages of so many. */
const stages = fc
  .record({
    decided: fc.array(fc.array(id, { minLength: 1, maxLength: 4 }), { maxLength: 4 }),
    before: fc.nat(1e6),
  })
  .map(({ decided, before }) => ({ decided, stage: before + decided.length }))

/** One more field, or not. */
const perhaps = <K extends string>(name: K, length: { minLength: number; maxLength: number }) =>
  fc
    .option(fc.uint8Array(length), { nil: undefined })
    .map((bytes) => (bytes ? { [name]: bytes } : {}) as { readonly [name in K]?: Uint8Array })
const consent = perhaps('consent', { minLength: 1, maxLength: 64 })
const signature = perhaps('signature', { minLength: 1, maxLength: 64 })
const history = perhaps('history', { minLength: 20, maxLength: 20 })

const ballot = fc.oneof(
  fc.constant(NO_BALLOT),
  fc.record({ round: fc.integer({ min: 1, max: 1e9 }), proposer: id }),
)

const agreement: fc.Arbitrary<AgreementState> = fc
  .record({
    told: stages,
    promised: ballot,
    accepted: fc.option(fc.record({ ballot, evicted: fc.array(id, { minLength: 1 }) }), { nil: undefined }),
  })
  .map(({ told, ...rest }) => ({ ...told, ...rest }))

const unsigned: fc.Arbitrary<Operation> = fc.oneof(
  fc.tuple(head, payload).map(([of, bytes]): Operation => ({ ...of, kind: 'update', payload: bytes })),
  fc.tuple(head, id, uint, uint, consent).map(([of, who, floor, stage, agreed]): Operation => {
    return { ...of, kind: 'join', who, floor: Math.min(floor, of.clock), stage, ...agreed }
  }),
  fc
    .tuple(head, id, consent)
    .map(([of, who, agreed]): Operation => ({ ...of, kind: 'leave', who, ...agreed })),
  fc.tuple(head, fc.nat()).map(([of, behind]): Operation => {
    return { ...of, kind: 'cut', through: Math.max(0, of.clock - behind) }
  }),
  fc.tuple(head, stages).map(([of, told]): Operation => ({ ...of, kind: 'fence', ...told })),
  fc.tuple(head, uint, vector).map(([of, stage, cutOffs]): Operation => {
    return { ...of, kind: 'evict', stage, cutOffs }
  }),
)

export const operation: fc.Arbitrary<Operation> = fc
  .tuple(unsigned, signature)
  .map(([said, by]) => ({ ...said, ...by }))

const report: fc.Arbitrary<Report> = fc
  .record({
    replica: id,
    n: fc.integer({ min: 1 }),
    seq: uint,
    floor: fc.nat(),
    ahead: fc.nat(),
    epoch: uint,
    base: baseHash,
  })
  .chain(({ ahead, ...rest }) => {
    const small = { ...rest, clock: rest.floor + ahead }
    const row = fc.option(vector, { nil: undefined }).map((of) => (of ? { row: of } : {}))
    const told = fc.option(agreement, { nil: undefined }).map((of) => (of ? { agreement: of } : {}))
    return fc
      .tuple(row, told, history, signature)
      .map(([shown, state, up, by]) => ({ ...small, ...shown, ...state, ...up, ...by }))
  })

const presence: fc.Arbitrary<Presence> = fc.record({ replica: id, n: uint, bytes: payload })

const member: fc.Arbitrary<WelcomeMember> = fc.record({
  replica: id,
  joined: uint,
  sponsor: fc.option(id, { nil: undefined }),
  known: uint,
  floor: uint,
  n: uint,
  epoch: uint,
  since: uint,
  stage: uint,
})

const few = <T>(items: fc.Arbitrary<T>) => fc.array(items, { maxLength: 5 })
const type = <T extends Message['type']>(name: T) => fc.constant(name)

/** One arbitrary per type: a new type of message does not compile before it is here. */
const MESSAGES: { readonly [T in Message['type']]: fc.Arbitrary<Extract<Message, { type: T }>> } = {
  hello: fc.record({
    type: type('hello'),
    replica: id,
    lineage: text(64),
    renumbers: fc.boolean(),
    signs: fc.boolean(),
    digest: uint,
  }),
  origins: fc.record({
    type: type('origins'),
    namings,
    isAhead: fc.option(fc.boolean(), { nil: undefined }),
  }),
  heartbeat: fc.record({ type: type('heartbeat'), digest: uint }),
  gossip: fc.record({
    type: type('gossip'),
    operations: few(operation),
    reports: few(report),
    presences: few(presence),
    answer: fc.boolean(),
  }),
  sync: fc.record({ type: type('sync'), applied: vector, reports: vector, presences: vector, point: uint }),
  prune: fc.record({ type: type('prune'), authors: few(id) }),
  graft: fc.record({ type: type('graft'), authors: few(id) }),
  relay: fc.record({ type: type('relay'), from: id, to: id, hops: uint, bytes: payload }),
  'join-request': fc.record({
    type: type('join-request'),
    namings,
    origins: namings,
    base: baseHash,
    insists: fc.boolean(),
  }),
  welcome: fc
    .tuple(
      fc.record({
        type: type('welcome'),
        nonce: uint,
        lineage: text(64),
        clock: uint,
        epoch: uint,
        point: uint,
        floor: uint,
        applied: vector,
        namings,
        base,
        members: few(member),
        electorate: vector,
        former: few(text(16)),
        stage: uint,
        decided: few(fc.array(id, { minLength: 1 })),
        cutOffs: vector,
      }),
      history,
    )
    .map(([said, up]) => ({ ...said, ...up })),
  probe: fc.record({ type: type('probe'), from: id, to: id, hops: uint, isAnswer: fc.boolean() }),
  evicted: fc.record({ type: type('evicted'), cutOffs: vector }),
  piece: fc.record({
    type: type('piece'),
    nonce: uint,
    index: uint,
    last: fc.boolean(),
    permille: uint,
    bytes: payload,
    operations: few(operation),
  }),
  'piece-received': fc.record({ type: type('piece-received'), nonce: uint, count: uint }),
  installed: fc
    .tuple(fc.record({ type: type('installed'), nonce: uint }), consent)
    .map(([said, agreed]) => ({ ...said, ...agreed })),
  go: fc.record({
    type: type('go'),
    nonce: uint,
    operations: few(operation),
  }),
  no: fc
    .tuple(fc.record({ type: type('no'), nonce: uint, reason: text(200) }), consent)
    .map(([said, agreed]) => ({ ...said, ...agreed })),
  bye: fc.record({ type: type('bye'), reason: text(200) }),
}

export const MESSAGES_BY_TYPE: readonly (readonly [Message['type'], fc.Arbitrary<Message>])[] =
  Object.entries(MESSAGES).map(([name, arbitrary]) => [name as Message['type'], arbitrary])

export const anyMessage: fc.Arbitrary<Message> = fc.oneof(...Object.values(MESSAGES))
