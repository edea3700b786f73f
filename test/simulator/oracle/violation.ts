/**
 * What the simulator reports: a rule of the protocol that did not hold.
 */
export type Rule =
  | 'convergence'
  | 'nothing lost'
  | 'nothing doubled'
  | 'intention'
  | 'snapshot safety'
  | 'monotonic'
  | 'one decision'
  /** Nobody that stays has anything beyond a cut-off (rule EV5). */
  | 'cut-offs'
  | 'one base'
  | 'epochs'
  | 'invisible'
  | 'bounded'
  | 'causal order'
  | 'own counters'
  | 'admission'
  | 'liveness'
  | 'silence'
  | 'no refusals'
  | 'no broken invariants'

export class Violation extends Error {
  override readonly name = 'Violation'
  readonly rule: Rule

  constructor(rule: Rule, what: string) {
    super(`${rule}: ${what}`)
    this.rule = rule
  }
}
