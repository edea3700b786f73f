/**
 * Full compaction of a Yjs document: what a cut does to it, without the protocol that decides about cuts.
 *
 * Executing a cut, in this order:
 * 1. `rebuild` the old base with the operations up to the cut, in total order: the document at the cut;
 * 2. `flatten` it: the new base, the same bytes at every replica, and the table that leads into it;
 * 3. `translate` every operation above the cut, and keep the result in the log, marked as translated;
 * 4. `rebuild` the new base with these operations;
 * 5. `moveInto` the live document.
 *
 * Afterwards an operation of the old epoch is translated on arrival, given to a {@link Retargeter} of the live
 * document, and integrated after `fillBelow`. An operation of the epoch itself needs `fillBelow` alone. The log
 * holds what `translate` returned, not what was retargeted: each document it is integrated into retargets anew.
 */

export { composed } from './composed-table.js'
export { Crossing, type Seen, UntranslatableError } from './crossing.js'
export { type Flattened, flatten, flattenInSteps } from './flatten.js'
export { type MoveOptions, moveInto } from './move.js'
export { type Base, fillBelow, Rebuilding, rebuild, type WindowOperation } from './rebuild.js'
export { translateRelativePosition } from './relative-position.js'
export { Retargeter } from './retarget.js'
export { decodeTable, encodeTable } from './table-encoding.js'
export { translate, translateIds } from './translate.js'
export type { Fate, Gap, IdTranslation, TranslationTable } from './translation-table.js'
