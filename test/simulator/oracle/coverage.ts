/**
 * How often each kind of fault was injected and each rare situation came about. A simulator that never meets a
 * situation says nothing about it, so none of these may be zero over a long run.
 */
export const FAULTS = [
  'messages lost',
  'messages echoed late',
  'messages held back',
  'joins',
  'polite leaves',
  'returns',
  'crashes',
  'links cut',
  'links muted',
  'partitions',
  'rendezvous outages',
  'sleeps',
] as const

export const SITUATIONS = [
  'let in',
  'room founded',
  'sponsor died during join',
  'sponsor left during join',
  'newcomer died during join',
  'join timed out',
  'late acknowledgement refused',
  'go repeated',
  'joined while partitioned',
  'sponsor was behind',
  'sponsor had joined just before',
  'two joins at once',
  'sponsor typed during join',
  'state read while operations came in',
  'load abandoned half way',
  'sponsor was busy',
  'former id let in',
  'former id retired',
  'two histories met',
  'returned with edits',
  'point decided during a join',
  'point decided',
  'author forgotten',
  'operation waited for its past',
  'no room to wait',
  'report waited for an operation',
  'relayed through a member',
  'prune',
  'graft',
  'anti-entropy',
  'room isolated and found again',
  'settled with nobody missing',
  'converged with somebody missing',
] as const

export type Fault = (typeof FAULTS)[number]
export type Situation = (typeof SITUATIONS)[number]

export class Coverage {
  readonly faults = zeros(FAULTS)
  readonly situations = zeros(SITUATIONS)

  fault(fault: Fault): void {
    this.faults[fault]++
  }

  met(situation: Situation): void {
    this.situations[situation]++
  }

  add(other: Pick<Coverage, 'faults' | 'situations'>): void {
    for (const fault of FAULTS) this.faults[fault] += other.faults[fault]
    for (const situation of SITUATIONS) this.situations[situation] += other.situations[situation]
  }
}

function zeros<K extends string>(keys: readonly K[]): Record<K, number> {
  return Object.fromEntries(keys.map((key) => [key, 0])) as Record<K, number>
}
