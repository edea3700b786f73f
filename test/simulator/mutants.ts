/**
 * Tests of the simulator: each of these takes one safeguard out of the code, and the simulator must notice.
 *
 * `needed` is how many schedules that took when it was last measured, from seed 1 on.
 */
import type { Mutant } from './bundle.mjs'

const CORE = 'packages/core/src'

export interface MeasuredMutant extends Mutant {
  /** The rules of the simulator that it may break. */
  readonly breaks: RegExp
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
    needed: 14,
  },
  {
    name: "a sponsor's floor is not capped",
    rule: 'JO3: it answers for the newcomer until the join is made',
    file: `${CORE}/membership/sponsoring.ts`,
    find: 'cap = Math.min(cap, join.floor)',
    replace: 'void join',
    breaks: /snapshot safety|monotonic/,
    needed: 1,
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
    find: 'const standing = { known: operation.clock, floor: operation.floor, n: 0 }',
    replace: 'const standing = { known: operation.clock, floor: operation.clock, n: 0 }',
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
    needed: 72,
  },
  {
    name: "a sponsor's own report outdates its welcome",
    rule: 'JO2: what it says of itself is as new as its last report',
    file: `${CORE}/replica/room.ts`,
    find: 'const n = this.stability.reportsMade',
    replace: 'const n = 0',
    breaks: /monotonic/,
    needed: 26,
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
    needed: 14,
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
    find: 'if (change.left !== undefined) this.forget(change.left)',
    replace: '',
    breaks: /liveness/,
    needed: 4,
  },
  {
    name: 'former ids are not retired',
    rule: 'JO9: an id that was given up may have been let in all the same',
    file: `${CORE}/replica/replica.ts`,
    find: "if (this.room.roster.has(who)) this.room.author({ kind: 'leave', who })",
    replace: 'void who',
    breaks: /liveness/,
    needed: 4,
  },
  {
    name: 'a newcomer edits before it is a member',
    rule: 'JO6: it authors nothing before it has applied its own join',
    file: `${CORE}/replica/replica.ts`,
    find: "if (this.current === 'member') this.room.takeLocalChange()",
    replace: 'this.room.takeLocalChange()',
    breaks: /nothing lost|admission|no broken invariants/,
    needed: 1,
  },
  {
    name: 'a load that ended early stays open',
    rule: 'the structure is told that no more will come',
    file: `${CORE}/replica/replica.ts`,
    find: 'this.comingIn?.abandon()',
    replace: '',
    breaks: /admission/,
    needed: 12,
  },
  {
    name: 'a full buffer takes nothing',
    rule: 'OP5: what waits for nothing always gets in',
    file: `${CORE}/causality/history.ts`,
    find: 'this.waiting.add(operation, isReady(operation, this.applied))',
    replace: 'this.waiting.add(operation)',
    breaks: /liveness/,
    needed: 41,
  },
  {
    name: 'a newcomer drops what does not fit its buffer at once',
    rule: 'JO6: it takes all operations that come with its go',
    file: `${CORE}/replica/room.ts`,
    find: `      this.history.receive(operation)
      this.drain()
    }`,
    replace: `      this.history.receive(operation)
    }
    this.drain()`,
    breaks: /admission/,
    needed: 41,
  },
  {
    name: 'neighbours do not ask for what they lack',
    rule: 'OV6: anti-entropy closes every gap',
    file: `${CORE}/overlay/neighbourhood.ts`,
    find: 'return link.differed === 2 || link.differed % MAX_DIFFERING_HEARTBEATS === 0',
    replace: 'return false',
    breaks: /liveness/,
    needed: 7,
  },
  {
    name: 'a room that came apart stays so',
    rule: 'OV8: whoever misses a member looks for the other part',
    file: `${CORE}/replica/replica.ts`,
    find: 'const isTorn = this.neighbourhood.missesSomebody',
    replace: 'const isTorn = false',
    breaks: /liveness/,
    needed: 22,
  },
]
