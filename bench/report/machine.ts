/** What the figures were made on. */
import { cpus, totalmem } from 'node:os'

export interface Machine {
  readonly processors: number
  readonly processor: string
  readonly memoryBytes: number
  readonly node: string
  readonly platform: string
}

export function machine(): Machine {
  const all = cpus()
  return {
    processors: all.length,
    processor: all[0]?.model.trim() ?? 'unknown',
    memoryBytes: totalmem(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  }
}
