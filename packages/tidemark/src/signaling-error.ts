/** The way to newcomers is closed: no signaling server answers, or it refuses us. Whoever is linked goes on as before. */
export class SignalingError extends Error {
  override readonly name = 'SignalingError'
}
