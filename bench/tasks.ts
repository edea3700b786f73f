/** Everything that runs in a process of its own: each measurement, and the parts that some are made of. */
import { compactionTasks } from './compaction/compaction.js'
import { growthTasks } from './growth/growth.js'
import { loadTasks } from './load/load.js'
import type { MeasurementContext } from './measurement.js'
import { measurements } from './measurements.js'
import { overheadTasks } from './overhead/overhead.js'
import type { Tasks } from './processes.js'
import { roomTasks } from './rooms/rooms.js'
import { sizeTasks } from './size/size.js'

export const MEASURE = 'measure'

export interface MeasureArgument {
  readonly name: string
  readonly quick: boolean
  readonly without: readonly string[]
}

function measure({ name, quick, without }: MeasureArgument) {
  const measurement = measurements.find((one) => one.name === name)
  if (measurement === undefined) throw new Error(`there is no measurement "${name}"`)
  const context: MeasurementContext = { quick, without, say: (line) => process.stderr.write(`  ${line}\n`) }
  return measurement.measure(context)
}

export const tasks: Tasks = {
  [MEASURE]: measure,
  ...sizeTasks,
  ...loadTasks,
  ...growthTasks,
  ...roomTasks,
  ...compactionTasks,
  ...overheadTasks,
}
