/**
 * The first change leaves at once; what follows within the next few milliseconds goes together.
 */
import type { Scheduler } from '@tidemark/core'

export class Batching {
  private readonly scheduler: Scheduler
  private readonly windowMs: number
  private readonly send: () => void
  private cancelWindow: (() => void) | undefined
  private isWaiting = false

  constructor(scheduler: Scheduler, windowMs: number, send: () => void) {
    this.scheduler = scheduler
    this.windowMs = windowMs
    this.send = send
  }

  /** There is something to send. */
  request(): void {
    if (this.cancelWindow) {
      this.isWaiting = true
      return
    }
    this.open()
    this.send()
  }

  stop(): void {
    this.cancelWindow?.()
    this.cancelWindow = undefined
    this.isWaiting = false
  }

  private open(): void {
    this.cancelWindow = this.scheduler.at(this.scheduler.now() + this.windowMs, () => this.close())
  }

  private close(): void {
    this.cancelWindow = undefined
    if (!this.isWaiting) return
    this.isWaiting = false
    this.open()
    this.send()
  }
}
