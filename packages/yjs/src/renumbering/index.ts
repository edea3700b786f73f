/**
 * Full compaction of a Yjs document: what a cut does to it, without the protocol that decides about cuts.
 *
 * Executing a cut, in this order:
 * 1. a `Rebuilding` of the old base with the operations up to the cut, in total order: the document at the cut;
 * 2. `flattenInSteps` of it: the new base, the same bytes at every replica, and the table that leads into it;
 * 3. a `Crossing` of both, which carries operations from the old naming into the new one;
 * 4. a `Rebuilding` of the new base with every operation above the cut, carried over, in causal order;
 * 5. `moveInto` the live document.
 *
 * The crossing is kept until the next cut is executed: an operation of the old epoch that arrives later is
 * carried into the live document, and at the next cut those below it are carried into the document at that cut, with
 * the same result. A newcomer gets `Crossing.encode`. An operation of the epoch itself needs `fillBelow` alone.
 *
 * What somebody brings back from an earlier epoch, as operations of its own, takes the `Passage` of a crossing with its
 * own document in place of the one at the cut. `translate` does with the table alone: it places by nearest
 * survivors, which need not be where it was typed; map entries and deletions have no such place.
 */

export { composed } from './composed-table.js'
export { Crossing, UntranslatableError } from './crossing.js'
export { type Flattened, flatten, flattenInSteps } from './flatten.js'
export { deleteMarks } from './idle-marks.js'
export { Inverse } from './inverse.js'
export { type MoveOptions, moveInto } from './move.js'
export { Passage, type Seen } from './passage.js'
export { type Base, fillBelow, fitInto, Rebuilding, type Starts } from './rebuild.js'
export { Redone } from './redone.js'
export { translateRelativePosition } from './relative-position.js'
export { decodeTable, encodeTableInSteps } from './table-encoding.js'
export { translate, translateIds } from './translate.js'
export type { Fate, Gap, IdTranslation, TranslationTable } from './translation-table.js'
export { toDeleteSet } from './undo.js'
export { encodeUpdate, looseParent, sectionsOf } from './update-encoding.js'
