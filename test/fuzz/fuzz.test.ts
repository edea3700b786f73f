/**
 * Hostile frames against a live room of three: what was once found, and a fixed number of attacks besides. `npm run fuzz` looks
 * for new ones.
 */

import { encodeMessage } from '@tidemark/core/wire'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { attackNamed, Campaign, type Finding, replay } from './campaign.js'
import { FINDINGS } from './findings.js'
import { LiveRoom, ROOM_KINDS } from './live-room.js'
import type { Standing } from './member.js'
import { takeOverRandomness } from './randomness.js'
import { claimOf, illegitimate } from './verdict.js'

let giveBack = () => {}
beforeAll(() => {
  giveBack = takeOverRandomness()
})
afterAll(() => giveBack())

const SEED = 1
const INPUTS = 1500

describe('a live room', { timeout: 120_000 }, () => {
  test.each(FINDINGS.map(({ found, attacks }) => [found, attacks] as const))(
    'never again: %s',
    (_, attacks) => {
      expect(replay(attacks)).toEqual([])
    },
  )

  test(`stands ${INPUTS} hostile inputs`, async () => {
    const findings: Finding[] = []
    const campaign = new Campaign((finding) => findings.push(finding))
    await campaign.run(SEED, INPUTS)
    expect(findings).toEqual([])
    const { claims, changes, inputs } = campaign.tally
    expect(inputs).toBe(INPUTS)
    // Not blind: frames of every kind are said, and some have an effect.
    for (const claim of ['malformed', 'own', 'forgery', 'believed']) expect(claims[claim]).toBeGreaterThan(0)
    expect(changes).toBeGreaterThan(INPUTS / 50)
  })

  test('is attacked in the same way whenever the seed is the same', () => {
    expect(attackNamed('5:7')).toEqual(attackNamed('5:7'))
    expect(attackNamed('5:7')).not.toEqual(attackNamed('5:8'))
  })
})

describe('the judgement', { timeout: 60_000 }, () => {
  test.each(ROOM_KINDS)('has rooms that live, of the kind: %s', (kind) => {
    const room = new LiveRoom(kind)
    expect(room.anna.content).toBe(room.bert.content)
    expect(room.honest.flatMap(({ faults }) => faults)).toEqual([])
    expect(room.fresh.length).toBeGreaterThan(3)
    room.destroy()
  })

  test('sees what a frame must not do', () => {
    const room = new LiveRoom('log')
    const { anna, bert } = room
    const [bertId, monaId] = [bert.id, room.mona.id]
    const before = anna.standing
    bert.text.insert(0, 'x')
    room.advance(100)
    const after = anna.standing
    room.destroy()
    for (const claim of ['own', 'malformed'] as const) {
      const seen = illegitimate(claim, monaId, before, after).join('\n')
      expect(seen).toMatch(/content: /)
      expect(seen).toMatch(new RegExp(`applied of ${bertId}: `))
    }
    expect(illegitimate('own', bertId, before, after)).toEqual([])
  })

  test('blames no frame for what the honest do by themselves', () => {
    const room = new LiveRoom('young')
    const { anna, bert, mona } = room
    const made = () => new Map(room.honest.map(({ id, standing }) => [id, standing.applied.get(id) ?? 0]))
    const before = anna.standing
    anna.provider.compact().catch(() => {})
    room.advance(100)
    const after = anna.standing
    expect(after.applied).not.toEqual(before.applied)
    for (const claim of ['own', 'malformed'] as const) {
      expect(illegitimate(claim, mona.id, before, after, made())).toEqual([])
      expect(illegitimate(claim, mona.id, before, after)).not.toEqual([])
    }
    bert.text.insert(0, 'x')
    room.advance(100)
    const changed = illegitimate('own', mona.id, before, anna.standing, made()).join()
    room.destroy()
    expect(changed).toMatch(/^content: /)
  })

  test('blames no frame for what an earlier one had told somebody else, who passes it on', () => {
    const room = new LiveRoom('young')
    const { anna, bert, mona } = room
    const before = [anna.standing, bert.standing]
    room.destroy()
    const [then, others] = before as [Standing, Standing]
    const told = (standing: Standing) => ({ ...standing, presences: new Map([[mona.id, 63]]) })
    const passedOn = [told(others)]
    expect(illegitimate('malformed', mona.id, then, told(then), new Map(), passedOn)).toEqual([])
    expect(illegitimate('malformed', mona.id, then, told(then), new Map(), before)).not.toEqual([])
  })

  test('knows what is said in whose name', () => {
    const room = new LiveRoom('log')
    const { standing } = room.anna
    const [bertId, monaId] = [room.bert.id, room.mona.id]
    const report = { replica: bertId, n: 1000, seq: 1, clock: 1, epoch: 0, base: '', floor: 0 }
    const message = {
      type: 'gossip',
      operations: [],
      reports: [report],
      presences: [],
      answer: false,
    } as const
    room.destroy()
    expect(claimOf({ ok: true, message }, monaId, standing)).toBe('forgery')
    expect(claimOf({ ok: true, message }, bertId, standing)).toBe('own')
    expect(claimOf({ ok: false, reason: '' }, monaId, standing)).toBe('malformed')
    expect(encodeMessage(message).length).toBeGreaterThan(0)
  })
})
