/**
 * Three pages type into one CodeMirror document at 50 edits a second each, and every few seconds it is cut: nobody
 * notices, undo goes on working, and in the end there is nothing left but the content.
 */
import { afterEach, beforeEach, describe, expect } from 'vitest'
import * as Y from 'yjs'
import { applyPatch, loadSequentialTrace, type Patch } from '../traces/sequential-trace.js'
import { heapDataBytes } from './harness/heap.js'
import { type BrowserLab, type BrowserProcess, type TestPage, browserTest as test } from './harness/index.js'
import { recordTasks, type Task } from './harness/main-thread.js'
import { type RunningSignaling, startSignaling, until } from './room-lab.js'

type EditorPage = TestPage<typeof import('./pages/editor-room.js')>

const EDITOR_PAGE = new URL('./pages/editor-room.ts', import.meta.url)
const EDITS_PER_SECOND = 50
/** How long all type; longer for a closer look. */
const SECONDS = Number(process.env['COMPACTION_SECONDS'] ?? 20)
const HEADINGS = ['# first\n', '# second\n', '# third\n']
const UNDO_STEPS = 20
