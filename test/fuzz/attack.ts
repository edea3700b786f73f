/**
 * What is tried: plans that fast-check draws, and shrinks when one succeeds. A plan names frames and places by numbers,
 * taken modulo what there is, so that every plan means something in every room.
 */
import fc from 'fast-check'
import { type HostileUpdate, hostileUpdate } from './hostile-updates.js'
import { ROOM_KINDS, type RoomKind } from './live-room.js'

/**
 * - `neighbour`: a member says it, on its link; - `stranger`: somebody who is in no room says it;
 * - `sponsor`: it is said to a newcomer by whoever lets it in.
 */
export const ROUTES = ['neighbour', 'stranger', 'sponsor'] as const
export type Route = (typeof ROUTES)[number]

export type Mutation =
  // Of the bytes, whatever they mean.
  | { readonly type: 'flip'; readonly at: number; readonly bit: number }
  | { readonly type: 'truncate'; readonly at: number }
  | { readonly type: 'append'; readonly bytes: Uint8Array }
  | { readonly type: 'repeat'; readonly at: number; readonly length: number; readonly times: number }
  | { readonly type: 'splice'; readonly at: number; readonly other: number; readonly from: number }
  | { readonly type: 'varint'; readonly at: number; readonly value: number }
  // Of the message; the frame stays well-formed.
  | { readonly type: 'number'; readonly at: number; readonly value: number }
  | { readonly type: 'nudge'; readonly at: number; readonly by: number }
  | { readonly type: 'id'; readonly at: number; readonly other: number }
  | { readonly type: 'duplicate'; readonly at: number }
  | { readonly type: 'drop'; readonly at: number }
  | { readonly type: 'swap'; readonly at: number; readonly other: number }
  | { readonly type: 'flag'; readonly at: number }
  | { readonly type: 'body'; readonly at: number; readonly other: number }
  // Of an update within it; framing and update header stay well-formed.
  | { readonly type: 'payload'; readonly at: number; readonly mutation: ByteMutation }
  | { readonly type: 'update'; readonly at: number; readonly update: HostileUpdate }

export type ByteMutation = Extract<
  Mutation,
  { type: 'flip' | 'truncate' | 'append' | 'repeat' | 'splice' | 'varint' }
>

export interface Step {
  /** Of what nobody has heard yet, or of what was said while the room grew. */
  readonly source: 'fresh' | 'past'
  readonly frame: number
  readonly mutations: readonly Mutation[]
}

export interface Attack {
  readonly room: RoomKind
  readonly route: Route
  /** Which of the honest is attacked. */
  readonly target: number
  /** Whether it may say what is not its own to say. That upsets a room, and a new one takes a hundred times as long as a frame. */
  readonly isUpsetting: boolean
  readonly steps: readonly Step[]
}

/** Where encodings, arrays and arithmetic have their edges. */
const BOUNDARIES = [
  0,
  1,
  2,
  3,
  63,
  64,
  127,
  128,
  255,
  256,
  16383,
  16384,
  65535,
  65536,
  2 ** 21,
  2 ** 28,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 40,
  2 ** 53 - 1,
]

const place = fc.nat(4000)
const boundary = fc.constantFrom(...BOUNDARIES)
const few = fc.nat(12)

const byteMutation: fc.Arbitrary<ByteMutation> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('flip' as const), at: place, bit: fc.nat(7) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('truncate' as const), at: place }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('append' as const),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('repeat' as const),
      at: place,
      length: fc.integer({ min: 1, max: 60 }),
      times: fc.integer({ min: 1, max: 8 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('splice' as const), at: place, other: place, from: place }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('varint' as const), at: place, value: boundary }) },
)

const messageMutation: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('number' as const), at: place, value: boundary }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('nudge' as const),
      at: place,
      by: fc.constantFrom(-2, -1, 1, 2, 3, 10),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('id' as const), at: place, other: few }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('duplicate' as const), at: place }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('drop' as const), at: place }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('swap' as const), at: place, other: place }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('flag' as const), at: place }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('body' as const), at: place, other: place }) },
)

const payloadMutation: fc.Arbitrary<Mutation> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant('payload' as const), at: place, mutation: byteMutation }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant('update' as const), at: place, update: hostileUpdate }),
  },
)

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 4, arbitrary: byteMutation },
  { weight: 5, arbitrary: messageMutation },
  { weight: 5, arbitrary: payloadMutation },
)

const step: fc.Arbitrary<Step> = fc.record({
  source: fc.constantFrom('fresh' as const, 'fresh' as const, 'fresh' as const, 'past' as const),
  frame: fc.nat(200),
  mutations: fc.array(mutation, { minLength: 1, maxLength: 3, size: 'max' }),
})

export const attack: fc.Arbitrary<Attack> = fc.record({
  room: fc.constantFrom(...ROOM_KINDS),
  route: fc.constantFrom(...ROUTES, 'neighbour' as const, 'neighbour' as const, 'neighbour' as const),
  target: fc.nat(1),
  isUpsetting: fc.nat(7).map((one) => one === 0),
  steps: fc.array(step, { minLength: 1, maxLength: 2, size: 'max' }),
})
