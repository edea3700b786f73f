/**
 * How often each kind of fault was injected and each rare situation came about. A simulator that never meets a
 * situation says nothing about it, so none of these may be zero over a long run.
 */
export const FAULTS = [
  'messages lost',
  'messages delivered twice',
  'messages overtaken',
  'messages echoed late',
  'messages held back',
  'messages mangled',
  'joins',
  'polite leaves',
  'returns',
  'crashes',
  'restarts after a crash',
  'accusations',
  'links cut',
  'links muted',
  'links slowed',
  'links lost within a message',
  'partitions',
  'rendezvous outages',
  'rendezvous restarts',
  'sleeps',
  'cuts asked for',
  'one-way partitions',
  'long sleeps',
  'restarts from older storage',
  'clocks set forward',
  'clocks set back',
  'timers throttled',
  'pages frozen',
  'slow newcomers',
  'joins during a cut',
  'storage writes refused',
  'clashes under a key',
] as const

/** Those that only schedules with hardships have. */
export const HARDSHIP_FAULTS = [
  'messages mangled',
  'links slowed',
  'links lost within a message',
  'rendezvous restarts',
  'clocks set forward',
  'clocks set back',
  'timers throttled',
  'pages frozen',
  'slow newcomers',
  'joins during a cut',
  'storage writes refused',
] as const satisfies readonly Fault[]

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
  'cut executed',
  'cut executed by certificate',
  'cut void',
  'cut under way while operations came in',
  'cut under way while somebody joined',
  'joined while epochs differed',
  'local change taken at the switch',
  'operation applied an epoch late',
  'operation applied an epoch late while joining',
  'tables sent to a newcomer',
  'returned across a cut',
  'returned with edits across a cut',
  'returned with edits across several cuts',
  'histories met after a cut',
  'content orphaned',
  'settled as small as its content',
  'compared with its twin',
  'fence made',
  'somebody dead evicted',
  'somebody alive evicted',
  'evicted while cutting',
  'brought in by an operation that was cut off',
  'found itself evicted',
  'founded anew without a majority',
  'settled with nobody missing',
  'both sides of a partition let somebody in',
  'two brought the same edits back',
  'returned several epochs behind',
] as const

/** Met in a run of 2000 schedules, and not for sure in one of a few hundred. */
export const RARE: ReadonlySet<Situation> = new Set<Situation>([
  'evicted while cutting',
  'both sides of a partition let somebody in',
  'two brought the same edits back',
  'returned several epochs behind',
])

/** What is measured rather than met: some of these had better be zero. */
export const FIGURES = [
  'tokens whose neighbours were checked',
  'tokens away from their neighbours',
  'tokens whose neighbours changed places',
  'pairs compared with the twin',
  'pairs swapped',
  'keys compared with the twin',
  'keys won by another',
  'keys compared across a cut',
  'documents made anew because of twins',
  'tokens away from their neighbours beside twins',
  'tokens that went with one that is gone',
  'points decided outside the room',
  'settled without somebody whom nobody may evict',
] as const

export type Figure = (typeof FIGURES)[number]
export type Fault = (typeof FAULTS)[number]
export type Situation = (typeof SITUATIONS)[number]

export class Coverage {
  readonly faults = zeros(FAULTS)
  readonly situations = zeros(SITUATIONS)
  readonly figures = zeros(FIGURES)

  fault(fault: Fault): void {
    this.faults[fault]++
  }

  met(situation: Situation, times = 1): void {
    this.situations[situation] += times
  }

  count(figure: Figure, times = 1): void {
    this.figures[figure] += times
  }

  add(other: Pick<Coverage, 'faults' | 'situations' | 'figures'>): void {
    for (const fault of FAULTS) this.faults[fault] += other.faults[fault]
    for (const situation of SITUATIONS) this.situations[situation] += other.situations[situation]
    for (const figure of FIGURES) this.figures[figure] += other.figures[figure]
  }
}

function zeros<K extends string>(keys: readonly K[]): Record<K, number> {
  return Object.fromEntries(keys.map((key) => [key, 0])) as Record<K, number>
}
