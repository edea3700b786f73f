/** Measurements over real WebRTC, beside y-webrtc. */
import type { Measurement } from '../measurement.js'
import { absence } from './absence.js'
import { joining } from './joining.js'
import { live } from './live.js'

export const liveMeasurements: readonly Measurement[] = [live, joining, absence]
