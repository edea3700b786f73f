/**
 * A part of the page that draws the room's view. Panels render into the page itself, so that one set of style
 * sheets with one set of custom properties styles them all.
 */
import { LitElement } from 'lit'
import type { RoomView } from '../room/view.js'

export abstract class Panel extends LitElement {
  static override properties = { view: { attribute: false } }
  declare view: RoomView

  protected override createRenderRoot(): HTMLElement {
    return this
  }
}
