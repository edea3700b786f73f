/**
 * The first change leaves as soon as what is running now has come to its end; what follows within the next few milliseconds
 * goes together.
 *
 * Never within the call that asks for it: that may be an editor in the middle of an update, and sending may have
 * the replica go on with other things that editors are told of.
 */
import type { Scheduler } from '@tidemark/core'

export class Batching {
  private readonly scheduler: Scheduler
  private readonly windowMs: number
  private readonly send: () => void
  private cancelTimer: (() => void) | undefined
  private isWaiting = false

  constructor(scheduler: Scheduler, windowMs: number, send: () => void) {
    this.scheduler = scheduler
    this.windowMs = windowMs
    this.send = send
  }

  /** There is something to send. */
  request(): void {
    this.isWaiting = true
    this.cancelTimer ??= this.scheduler.soon?.(() => this.due()) ?? this.wait(0)
  }

  stop(): void {
    this.cancelTimer?.()
    this.cancelTimer = undefined
    this.isWaiting = false
  }

  private wait(ms: number): () => void {
    return this.scheduler.at(this.scheduler.now() + ms, () => this.due())
  }

  private due(): void {
    this.cancelTimer = undefined
    if (!this.isWaiting) return
    this.isWaiting = false
    this.cancelTimer = this.wait(this.windowMs)
    this.send()
  }
}
