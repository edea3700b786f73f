/**
 * Who should be linked to whom (overlay rule OV3): a pure function of the member list.
 *
 * Small rooms are fully meshed. In larger ones the ids form a ring; everybody links to its successor, which
 * keeps the room connected, and to a few members at hashed places of the ring, which keeps it shallow. A
 * member that comes or goes moves only the links next to it (consistent hashing).
 */
import type { ReplicaId } from '../causality/operation.js'
import { hash } from './hash.js'

/** The members that `self` should link to by its own choice; others may choose `self` as well. */
export function chosenNeighbours(
  self: ReplicaId,
  members: Iterable<ReplicaId>,
  maxConnections: number,
): Set<ReplicaId> {
  const others = [...members].filter((member) => member !== self)
  if (others.length <= maxConnections) return new Set(others)
  const ring = others
    .map((member) => ({ member, place: hash(member) }))
    .sort((a, b) => a.place - b.place || (a.member < b.member ? -1 : 1))
  const chosen = new Set<ReplicaId>()
  const choices = Math.max(2, Math.floor(maxConnections / 2))
  for (let i = 0; chosen.size < choices && i < 4 * choices; i++) {
    const place = i === 0 ? hash(self) : hash(`${self}:${i}`)
    const next = ring.find((entry) => entry.place > place) ?? ring[0]
    if (next) chosen.add(next.member)
  }
  return chosen
}
