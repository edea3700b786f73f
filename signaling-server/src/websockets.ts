/**
 * WebSockets below engine.io, which sees messages and nothing else. Frames of control would pass by all that limits
 * those, and be answered: neither browsers nor socket.io's clients send any but the closing one.
 */
import { type ServerOptions, WebSocketServer } from 'ws'

type Upgrade = WebSocketServer['handleUpgrade']

export class MessagesOnly extends WebSocketServer {
  constructor(options: ServerOptions) {
    super({ ...options, autoPong: false })
  }

  override handleUpgrade(...[request, tcp, head, done]: Parameters<Upgrade>): void {
    super.handleUpgrade(request, tcp, head, (socket, upgraded) => {
      for (const control of ['ping', 'pong'] as const) socket.on(control, () => socket.terminate())
      done(socket, upgraded)
    })
  }
}
