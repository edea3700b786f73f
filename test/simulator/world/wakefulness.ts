/**
 * A device's own time: tasks wait while it sleeps, and run in order when it wakes; its clock may be another one than the
 * world's, and its timers may come late.
 */
import type { Scheduler } from '@tidemark/core'

const TICK_MS = 1e-6

/** Something that a device will do, by its own clock. */
interface Appointment {
  readonly time: number
  readonly run: () => void
  cancel: () => void
}

export class Wakefulness implements Scheduler {
  private readonly scheduler: Scheduler
  private readonly queue: (() => void)[] = []
  /** What was due while a page was frozen. */
  private readonly overdue: (() => void)[] = []
  private readonly appointments = new Set<Appointment>()
  private isAsleep = false
  private isFrozen = false
  /** Timers come at multiples of this only. */
  private gridMs = 0
  private readonly taskMs: number
  private readonly onChange: (sleeps: boolean) => void
  /** How far its clock is ahead of the world's, because it slept for so much longer. */
  private aheadMs = 0

  /** @param taskMs nothing that was put off comes sooner, however urgent. */
  constructor(scheduler: Scheduler, taskMs: number, onChange: (sleeps: boolean) => void) {
    this.scheduler = scheduler
    this.taskMs = taskMs
    this.onChange = onChange
  }

  get sleeps(): boolean {
    return this.isAsleep
  }

  now(): number {
    return this.scheduler.now() + this.aheadMs
  }

  at(time: number, task: () => void): () => void {
    let isCancelled = false
    const run = () => {
      if (!isCancelled) task()
    }
    const soonest = this.now() + this.taskMs
    const appointment: Appointment = { time: Math.max(time, soonest), run, cancel: () => {} }
    this.plan(appointment)
    return () => {
      isCancelled = true
      this.appointments.delete(appointment)
      appointment.cancel()
    }
  }

  run(task: () => void): void {
    if (this.isAsleep) this.queue.push(task)
    else task()
  }

  sleep(): void {
    if (!this.isAsleep) this.onChange(true)
    this.isAsleep = true
  }

  /** @param moreMs by its own clock it has slept for so much longer than the world has gone on. */
  wake(moreMs = 0): void {
    if (this.isAsleep) this.onChange(false)
    this.isAsleep = false
    this.isFrozen = false
    this.aheadMs += moreMs
    if (moreMs > 0) this.planAnew()
    for (const task of this.overdue.splice(0)) task()
    for (const task of this.queue.splice(0)) task()
  }

  /** Sleeps as pages do that are frozen: what was due comes first when it goes on, and only then what has arrived. */
  freeze(): void {
    this.sleep()
    this.isFrozen = true
  }

  /** Its clock is set. What it waits for, it waits for as long as before. */
  setClock(byMs: number): void {
    this.aheadMs += byMs
  }

  /** As a hidden page's, its timers come late, and all at once. @param gridMs 0: in time again. */
  throttle(gridMs: number): void {
    this.gridMs = gridMs
    this.planAnew()
  }

  private planAnew(): void {
    for (const appointment of this.appointments) {
      appointment.cancel()
      this.plan(appointment)
    }
  }

  private plan(appointment: Appointment): void {
    this.appointments.add(appointment)
    let due = appointment.time - this.aheadMs
    // By its own clock it must not be too early by the last bit: whoever looks at the clock would wait for that bit for ever.
    if (due + this.aheadMs < appointment.time) due += TICK_MS
    const time = this.gridMs > 0 ? Math.ceil(due / this.gridMs) * this.gridMs : due
    appointment.cancel = this.scheduler.at(time, () => {
      this.appointments.delete(appointment)
      if (this.isAsleep && this.isFrozen) this.overdue.push(appointment.run)
      else this.run(appointment.run)
    })
  }
}
