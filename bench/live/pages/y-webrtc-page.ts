import { join as joinRoom } from '../y-webrtc.js'
import { pageOf } from './page.js'

export const {
  join,
  joinUntil,
  state,
  type,
  typedAt,
  arrivedAt,
  forgetTimes,
  content,
  documentBytes,
  append,
  erase,
  disconnect,
  connect,
  compact,
  play,
  fill,
} = pageOf(joinRoom)
