/**
 * Time that passes only when told to. Tasks run in order of their time, and of their making where that is equal.
 */
import type { Scheduler } from '@tidemark/core'

interface Task {
  readonly time: number
  readonly order: number
  run: (() => void) | undefined
}

export class VirtualScheduler implements Scheduler {
  /** A binary heap: the earliest task first. */
  private readonly heap: Task[] = []
  private time = 0
  private made = 0

  now(): number {
    return this.time
  }

  at(time: number, run: () => void): () => void {
    const task: Task = { time: Math.max(time, this.time), order: this.made++, run }
    this.heap.push(task)
    this.siftUp(this.heap.length - 1)
    return () => {
      task.run = undefined
    }
  }

  /** Time of the next task, or undefined if there is none. */
  get nextTime(): number | undefined {
    while (this.heap[0] && !this.heap[0].run) this.pop()
    return this.heap[0]?.time
  }

  /** Runs the next task. @returns false if there is none. */
  step(): boolean {
    const time = this.nextTime
    if (time === undefined) return false
    const task = this.pop()
    this.time = Math.max(this.time, time)
    task?.run?.()
    return true
  }

  /** Runs everything that falls into the next `ms` milliseconds. */
  advance(ms: number): void {
    const end = this.time + ms
    for (let next = this.nextTime; next !== undefined && next <= end; next = this.nextTime) this.step()
    this.time = end
  }

  private pop(): Task | undefined {
    const first = this.heap[0]
    const last = this.heap.pop()
    if (last && this.heap.length > 0) {
      this.heap[0] = last
      this.siftDown(0)
    }
    return first
  }

  private siftUp(start: number): void {
    for (let at = start; at > 0; ) {
      const parent = (at - 1) >> 1
      if (!this.isBefore(at, parent)) return
      this.swap(at, parent)
      at = parent
    }
  }

  private siftDown(start: number): void {
    for (let at = start; ; ) {
      let least = at
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < this.heap.length && this.isBefore(child, least)) least = child
      }
      if (least === at) return
      this.swap(at, least)
      at = least
    }
  }

  private isBefore(a: number, b: number): boolean {
    const x = this.heap[a] as Task
    const y = this.heap[b] as Task
    return x.time < y.time || (x.time === y.time && x.order < y.order)
  }

  private swap(a: number, b: number): void {
    const x = this.heap[a] as Task
    this.heap[a] = this.heap[b] as Task
    this.heap[b] = x
  }
}
