/** All measurements, in the order in which they run and are told of. */

import { compaction } from './compaction/compaction.js'
import { growth } from './growth/growth.js'
import { liveMeasurements } from './live/index.js'
import { load } from './load/load.js'
import type { Measurement } from './measurement.js'
import { overhead } from './overhead/overhead.js'
import { rooms } from './rooms/rooms.js'
import { size } from './size/size.js'

export const measurements: readonly Measurement[] = [
  size,
  load,
  growth,
  rooms,
  compaction,
  overhead,
  ...liveMeasurements,
]
