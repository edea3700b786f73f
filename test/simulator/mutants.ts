/**
 * Tests of the simulator: each of these takes one safeguard out of the code, and the simulator must notice.
 *
 * `needed` is how many schedules that took when it was last measured, from seed 1 on.
 */
import type { Mutant } from './bundle.mjs'

const CORE = 'packages/core/src'
const YJS = 'packages/yjs/src'
/** A wrong cut shows in many ways, and which one comes first is chance. */
const CUT =
  /epochs|one base|invisible|nothing lost|nothing doubled|convergence|intention|no refusals|no broken invariants|snapshot safety/

/** So does a wrong eviction. */
const EVICTION =
  /snapshot safety|one decision|cut-offs|monotonic|liveness|silence|convergence|nothing lost|nothing doubled|causal order|one base|epochs|no broken invariants|no refusals|admission|own counters/

export interface MeasuredMutant extends Mutant {
  /** The rules of the simulator that it may break. */
  readonly breaks: RegExp
  /** Only schedules in which evictions are struggled for are tried: elsewhere it is too rare. */
  readonly isOfStruggles?: boolean
  readonly needed: number
}

export const MUTANTS: readonly MeasuredMutant[] = [
  {
    name: 'a report takes effect at once',
    rule: 'RE2: it waits for the operations that its reporter made before it',
    file: `${CORE}/snapshot/stability.ts`,
    find: 'if ((applied.get(replica) ?? 0) < report.seq) continue',
    replace: 'void applied',
    breaks: /snapshot safety/,
    needed: 9,
  },
  {
    name: "a sponsor's floor is not capped",
    rule: 'JO3: it answers for the newcomer until the join is made',
    file: `${CORE}/membership/sponsoring.ts`,
    find: 'cap = Math.min(cap, join.floor)',
    replace: 'void join',
    breaks: /snapshot safety|monotonic/,
    needed: 2,
  },
  {
    name: "a join carries the sponsor's clock",
    rule: 'JO5: it carries the floor that the newcomer was welcomed with',
    file: `${CORE}/replica/letting-in.ts`,
    find: 'floor: acknowledged.join.floor',
    replace: 'floor: this.room.history.clock',
    breaks: /admission/,
    needed: 2,
  },
  {
    name: 'the floor that a join carries is not used',
    rule: 'JO5: the newcomer stands in the map with it',
    file: `${CORE}/replica/room.ts`,
    find: 'known: clock, floor, n: 0, epoch, since: clock })',
    replace: 'known: clock, floor: Math.max(floor, clock), n: 0, epoch, since: clock })',
    breaks: /snapshot safety/,
    needed: 1,
  },
  {
    name: 'an acknowledgement of another welcome counts',
    rule: 'JO4: only the nonce of the very welcome counts',
    file: `${CORE}/membership/sponsoring.ts`,
    find: 'if (join && join.nonce === nonce && join.complete) {',
    replace: 'if (join?.complete) {',
    breaks: /admission/,
    needed: 214,
  },
  {
    name: 'the floor is the largest known clock',
    rule: 'SP2: it is the smallest',
    file: `${CORE}/snapshot/stability.ts`,
    find: 'for (const standing of this.standings.values()) if (standing.known < floor) floor = standing.known',
    replace: 'floor = Math.min(cap, Math.max(...[...this.standings.values()].map(({ known }) => known)))',
    breaks: /snapshot safety|liveness/,
    needed: 1,
  },
  {
    name: 'the snapshot point is our own floor',
    rule: 'SP3: it is the minimum over all rows of the map',
    file: `${CORE}/snapshot/stability.ts`,
    find: 'return this.map.snapshotPoint()',
    replace: 'return this.floor(clock, cap)',
    breaks: /snapshot safety/,
    needed: 1,
  },
  {
    name: 'a known clock grows on receipt',
    rule: 'SP1: it grows when an operation is applied',
    file: `${CORE}/replica/gossiping.ts`,
    find: "if (arrival === 'new') this.neighbourhood.spreadOperation(operation, link.id)",
    replace:
      "if (arrival === 'new') { this.neighbourhood.spreadOperation(operation, link.id); this.room.stability.operationApplied(operation.author, operation.clock) }",
    breaks: /snapshot safety/,
    needed: 9,
  },
  {
    name: 'operations do not wait for what they depend on',
    rule: 'OP3: delivery is causal',
    file: `${CORE}/causality/version-vector.ts`,
    find: 'if (have !== undefined && have < seq) return false',
    replace: 'if (have !== undefined && have < seq) continue',
    breaks: /causal order/,
    needed: 2,
  },
  {
    name: 'a new operation does not look at the clocks it has seen',
    rule: 'OP3: its clock is larger than all of them',
    file: `${CORE}/causality/history.ts`,
    find: 'this.witness(operation.clock)',
    replace: 'if (operation.author === this.self) this.witness(operation.clock)',
    breaks: /own counters/,
    needed: 1,
  },
  {
    name: 'who left stays on the map',
    rule: 'LE1: it needs nothing more',
    file: `${CORE}/replica/room.ts`,
    find: 'for (const who of change.gone) this.forget(who, isEvicted)',
    replace: 'void isEvicted',
    breaks: /liveness/,
    needed: 4,
  },
  {
    name: 'a newcomer edits before it is a member',
    rule: 'JO6: it authors nothing before it has applied its own join',
    file: `${CORE}/replica/replica.ts`,
    find: "if (this.current === 'member') this.room.takeLocalChange()",
    replace: 'this.room.takeLocalChange()',
    breaks: /nothing lost|admission|own counters|no broken invariants/,
    needed: 2,
  },
  {
    name: 'a load that ended early stays open',
    rule: 'the structure is told that no more will come',
    file: `${CORE}/replica/replica.ts`,
    find: 'this.comingIn?.abandon()',
    replace: '',
    breaks: /admission/,
    needed: 5,
  },
  {
    name: 'a full buffer takes nothing',
    rule: 'OP5: what waits for nothing always gets in',
    file: `${CORE}/causality/history.ts`,
    find: 'this.waiting.add(operation, isNext)',
    replace: 'this.waiting.add(operation)',
    breaks: /liveness/,
    needed: 34,
  },
  {
    name: 'a newcomer drops what does not fit its buffer at once',
    rule: 'JO6: it takes all operations that come with its go',
    file: `${CORE}/replica/room.ts`,
    find: `      this.history.receive(operation)
      this.drain()
      this.cuts?.catchUp(() => this.drain())
    }`,
    replace: `      this.history.receive(operation)
    }
    this.drain()
    this.cuts?.catchUp(() => this.drain())`,
    breaks: /admission/,
    needed: 44,
  },
  {
    name: 'neighbours do not ask for what they lack',
    rule: 'OV6: anti-entropy closes every gap',
    file: `${CORE}/overlay/neighbourhood.ts`,
    find: 'return link.differed === 2 || link.differed % MAX_DIFFERING_HEARTBEATS === 0',
    replace: 'return false',
    breaks: /liveness/,
    needed: 9,
  },
  {
    name: 'a cut is made while somebody is in another epoch',
    rule: 'CU1: not before everybody has told that it is in the present one',
    file: `${CORE}/snapshot/stability.ts`,
    find: 'if (standing.epoch !== epoch) return undefined',
    replace: 'if (standing.epoch !== epoch) continue',
    breaks: CUT,
    needed: 9,
  },
  {
    name: 'a cut may name any clock',
    rule: 'CU1: none at or below which operations of an earlier epoch may lie',
    file: `${CORE}/replica/cuts.ts`,
    find: 'return earlier.reduce((lowest, { clock }) => Math.max(lowest, clock), since)',
    replace: 'return Math.min(0, since, earlier.length)',
    breaks: CUT,
    needed: 5,
  },
  {
    name: 'void cuts count',
    rule: 'CU2: a cut counts in the epoch it was made in',
    file: `${CORE}/causality/history.ts`,
    find: 'if (operation.epoch !== this.epoch || operation.through < this.baseThrough) return',
    replace: 'if (operation.through < this.baseThrough) return',
    breaks: CUT,
    needed: 9,
  },
  {
    name: 'the last cut counts',
    rule: 'CU2: the first one in total order does',
    file: `${CORE}/causality/history.ts`,
    find: 'return this.cuts[0]',
    replace: 'return this.cuts.at(-1)',
    breaks: CUT,
    needed: 9,
  },
  {
    name: 'a cut takes in everything below its own clock',
    rule: 'CU3: the base ends where the cut says',
    file: `${CORE}/replica/cuts.ts`,
    find: 'const below = effective(history.upTo(cut.through))',
    replace: 'const below = effective(history.upTo(cut.clock))',
    breaks: CUT,
    needed: 5,
  },
  {
    name: 'an operation of the next epoch is applied at once',
    rule: 'CU4: it is a certificate: the cut is executed first',
    file: `${CORE}/causality/causal-buffer.ts`,
    find: 'if (!next || next.epoch > epoch ||',
    replace: 'if (!next || next.epoch > epoch + 1 ||',
    breaks: CUT,
    needed: 8,
  },
  {
    name: 'what comes in while a cut is under way is left out of it',
    rule: 'CU3: the structure has everything above the cut when it switches',
    file: `${CORE}/replica/cuts.ts`,
    find: 'if (!this.refused.has(operation)) this.cutting?.applied(operation)',
    replace: 'void this.refused',
    breaks: CUT,
    needed: 6,
  },
  {
    name: 'a welcome brings no tables',
    rule: 'CU7: operations of the epoch before may still come',
    file: `${CORE}/replica/letting-in.ts`,
    find: 'cuts?.tablesFor(brought)',
    replace: 'void brought as undefined',
    breaks: CUT,
    needed: 5,
  },
  {
    name: 'payloads are taken for ones of the present epoch',
    rule: 'CU6: what was named in the epoch before is translated',
    file: `${CORE}/replica/room.ts`,
    find: 'this.structure.apply(operation.payload, operation.epoch, origin)',
    replace: 'this.structure.apply(operation.payload, Math.max(operation.epoch, this.history.epoch), origin)',
    breaks: CUT,
    needed: 8,
  },
  {
    name: 'a table is wrong by one',
    rule: 'what survives is named by its new id',
    file: `${YJS}/renumbering/translation-table.ts`,
    find: 'clock: fate + id.clock - start, length }',
    replace: 'clock: fate + id.clock - start + (length > 2 ? 1 : 0), length }',
    breaks: CUT,
    needed: 5,
  },
  {
    name: 'every lost neighbour was the start of its list',
    rule: 'what crosses a cut stays between the survivors it was typed between',
    file: `${YJS}/renumbering/passage.ts`,
    find: 'const left = this.#leftOf(placed, item.id.clock - placed.id.clock)',
    replace: 'const left = this.#leftOf(placed, item.id.clock - placed.id.clock) && null',
    breaks: CUT,
    needed: 5,
  },
  {
    name: 'what crosses a cut has no right neighbour',
    rule: 'its two neighbours are a pair that its author could have seen',
    file: `${YJS}/renumbering/passage.ts`,
    find: 'const right = this.#rightOf(left, container, after)',
    replace: 'const right = this.#rightOf(left, container, after) && null',
    breaks: CUT,
    needed: 5,
  },
  {
    name: 'half of the members may decide',
    rule: 'EV1: only with the oldest among them',
    file: `${CORE}/eviction/electorates.ts`,
    find: 'return oldest !== undefined && quorum.has(oldest.author)',
    replace: 'return oldest !== undefined',
    breaks: EVICTION,
    needed: 32,
  },
  {
    name: 'a third of the members may decide',
    rule: 'EV1: it takes a majority',
    file: `${CORE}/eviction/electorates.ts`,
    find: 'if (2 * votes !== positions.length) return 2 * votes > positions.length',
    replace: 'if (2 * votes !== positions.length) return 3 * votes >= positions.length',
    breaks: EVICTION,
    needed: 34,
  },
  {
    name: 'an eviction does not wait for fences',
    rule: 'EV5: the fences of all others come first',
    file: `${CORE}/replica/evicting.ts`,
    find: 'if (this.voters.some((member) => this.stageOf(member) < stage)) return',
    replace: 'if (this.voters.length === 0) return',
    breaks: EVICTION,
    isOfStruggles: true,
    needed: 2,
  },
  {
    name: 'later electorates have no say',
    rule: 'EV1: all have, up to the members known now',
    file: `${CORE}/eviction/electorates.ts`,
    find: 'if (fold(electorate, operation) && !isMajority(quorum, electorate)) return false',
    replace: 'fold(electorate, operation)',
    breaks: EVICTION,
    isOfStruggles: true,
    needed: 49,
  },
  {
    name: 'a proposer needs no promises',
    rule: 'EV2: it needs those of a primary quorum',
    file: `${CORE}/eviction/agreement.ts`,
    find: 'if (!isPrimary(promisers)) return false',
    replace: 'if (promisers.size === 0) return false',
    breaks: EVICTION,
    isOfStruggles: true,
    needed: 2,
  },
  {
    name: 'one acceptance is a decision',
    rule: 'EV2: it takes a primary quorum',
    file: `${CORE}/eviction/agreement.ts`,
    find: 'if (isPrimary(voters)) {',
    replace: 'if (voters.size > 0) {',
    breaks: EVICTION,
    isOfStruggles: true,
    needed: 12,
  },
]
