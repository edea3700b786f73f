/**
 * The memory network with ways on which nothing passes, each in one direction: a partition of which only one side
 * notices, a member that only one other still hears.
 */
import { MemoryNetwork, type MemoryNetworkOptions, type MemoryTransport } from 'tidemark/testing'
import type { Coverage, Fault } from '../oracle/coverage.js'
import type { Choices } from '../shrink/choices.js'

const FAULTS = {
  lossRate: 'messages lost',
  duplicateRate: 'messages delivered twice',
  reorderRate: 'messages overtaken',
} as const satisfies Record<string, Fault>

export class OneWayNetwork extends MemoryNetwork {
  /** How often each way is blocked, by whom it comes from. */
  private readonly blocks = new Map<MemoryTransport, Map<MemoryTransport, number>>()
  private healings = 0
  private readonly choices: Choices
  private readonly coverage: Coverage

  constructor(options: MemoryNetworkOptions, choices: Choices, coverage: Coverage) {
    super(options)
    this.choices = choices
    this.coverage = coverage
  }

  override strikes(rate: keyof typeof FAULTS): boolean {
    const isStruck = super.strikes(rate)
    if (isStruck) this.coverage.fault(FAULTS[rate])
    return isStruck
  }

  /** From now on nothing passes from any of these to any of those. @returns what lets it pass again. */
  block(from: readonly MemoryTransport[], to: readonly MemoryTransport[]): () => void {
    this.count(from, to, 1)
    const { healings } = this
    let isBlocked = true
    return () => {
      if (isBlocked && this.healings === healings) this.count(from, to, -1)
      isBlocked = false
    }
  }

  override heal(): void {
    super.heal()
    this.blocks.clear()
    this.healings++
  }

  override canPass(from: MemoryTransport, to: MemoryTransport): boolean {
    return super.canPass(from, to) && !((this.blocks.get(from)?.get(to) ?? 0) > 0)
  }

  override random(): number {
    const { draws } = this.choices
    return draws ? draws.take(0, () => super.random()) : super.random()
  }

  /** What comes later belongs to whatever it comes of. */
  override later(ms: number, task: () => void): () => void {
    const { choices } = this
    const { context } = choices
    return super.later(ms, () => choices.within(context, task))
  }

  private count(from: readonly MemoryTransport[], to: readonly MemoryTransport[], more: number): void {
    for (const a of from) {
      const ways = this.blocks.get(a) ?? new Map<MemoryTransport, number>()
      this.blocks.set(a, ways)
      for (const b of to) if (a !== b) ways.set(b, (ways.get(b) ?? 0) + more)
    }
  }
}
