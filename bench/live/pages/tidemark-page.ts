import './page-passing.js'
import './way-in.js'
import { join as joinRoom } from '../tidemark.js'
import { pageOf } from './page.js'

export const {
  join,
  joinUntil,
  state,
  type,
  typedAt,
  leftAt,
  cameAt,
  arrivedAt,
  forgetTimes,
  content,
  documentBytes,
  disconnect,
  connect,
  compact,
  play,
  fill,
  thinOut,
  checksum,
  compactWithin,
} = pageOf(joinRoom)
