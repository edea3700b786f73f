/**
 * Runs in every page before its own code, and measures what the page does.
 */
import { watchLongTasks } from './long-tasks.js'
import { watchTraffic } from './traffic.js'

const instruments = { longTasks: watchLongTasks(), traffic: watchTraffic() }

export type Instruments = typeof instruments

Object.assign(globalThis, { instruments })
