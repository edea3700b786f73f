/** What a page comes by on its way into a room, whichever library it uses. */
export const STAGES = ['code is there', 'server is reached', 'somebody is called', 'channel is open'] as const
export type Stage = (typeof STAGES)[number]

/** When each stage was reached first, in milliseconds since the joining began; those that were not are missing. */
export type WayIn = Partial<Record<Stage, number>>
