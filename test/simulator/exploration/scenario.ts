/**
 * What may happen in a small room. Whatever may happen may do so at any moment; what is not named here never does.
 */
export interface Scenario {
  readonly name: string
  readonly members: readonly string[]
  /**
   * `late join`: N1, N2, N3 (and N4) have A; N3 has made B, which has not reached N2; N5 has just said hello to N2, and asks
   * it to let it in. `settled`: everybody has everything.
   */
  readonly opening: 'late join' | 'settled'
  /**
   * Everybody has made something before, so the trees by which news spread have taken shape: each comes once, and
   * straight from its author. Otherwise it also comes around, and a report may overtake what it speaks about.
   */
  readonly hasTrees: boolean
  /**
   * How often who may report, until nothing happens any more: then everybody does. Reports in between would often only be
   * more of the same. Undefined: as often as the protocol would.
   */
  readonly reports: Readonly<Record<string, number>> | undefined
  /** How many messages may be lost. */
  readonly losses: number
  /** Those of a join, or all. */
  readonly losable: 'handshake' | 'all'
  /** How often N5 may repeat its acknowledgement. */
  readonly resends: number
  readonly timeouts: boolean
  /** Who may die, and how many of them. */
  readonly mortal: readonly string[]
  readonly deaths: number
  /** Who may make one more operation; twice named, two. */
  readonly editors: readonly string[]
  /** Who may ask for a cut. Where nobody may, history is not cut. */
  readonly cutters: readonly string[]
  /** Who may leave politely, one of them. */
  readonly leavers: readonly string[]
  /** Who may be cut off from all others, once, and be linked to them again. What is under way is lost. */
  readonly parted: string | undefined
  /** Who may ask to be let in, and whom. */
  readonly newcomers: readonly { readonly name: string; readonly sponsor: string }[]
  /** Who may come to believe that somebody is gone: with good reason, or else without. */
  readonly accusations: readonly { readonly by: string; readonly of: string }[]
  readonly isSlandered: boolean
  /** Who was evicted asks to be let in again. */
  readonly returns: boolean
}

export const NOTHING_HAPPENS: Omit<Scenario, 'name'> = {
  members: ['N1', 'N2', 'N3'],
  opening: 'settled',
  hasTrees: true,
  reports: undefined,
  losses: 0,
  losable: 'all',
  resends: 0,
  timeouts: false,
  mortal: [],
  deaths: Number.POSITIVE_INFINITY,
  editors: [],
  cutters: [],
  leavers: [],
  parted: undefined,
  newcomers: [],
  accusations: [],
  isSlandered: false,
  returns: false,
}
