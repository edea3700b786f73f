/**
 * The signs of a diagram, each drawn around its own origin, and the patterns that shade.
 */
export const SIGNS = `
<g id="s-update"><circle r="3.4"/></g>
<g id="s-update-many"><circle r="3.4"/><circle r="6" class="ring"/></g>
<g id="s-join"><path d="M0-6 5.5 4h-11z"/></g>
<g id="s-leave"><path d="M0 6 5.5-4h-11z"/></g>
<g id="s-cut"><path d="M0-7 5.5 0 0 7-5.5 0z"/></g>
<g id="s-fence"><rect x="-2.2" y="-8" width="4.4" height="16" rx="1"/></g>
<g id="s-evict"><rect x="-6" y="-6" width="12" height="12" rx="2"/><path class="hole" d="M-3-3 3 3M3-3-3 3"/></g>
<g id="s-apply"><circle r="1.7"/></g>
<g id="s-edit"><path class="stroke" d="M0-3.5V3.5"/></g>
<g id="s-epoch"><path d="M0 0V-14H11L8-10.5 11-7H1V0z"/></g>
<g id="s-life"><circle r="4.6" class="paper"/><path d="M-1.7-2.6 2.8 0-1.7 2.6z"/></g>
<g id="s-member"><circle r="5" class="paper"/><path class="stroke" d="M-2.4 .2-.6 2.2 2.6-2"/></g>
<g id="s-over"><circle r="5" class="paper"/><path class="stroke" d="M2.6-1.2A2.8 2.8 0 1 0 2.4 1.6M2.8-3.6V-1H.2"/></g>
<g id="s-end"><rect x="-4.6" y="-4.6" width="9.2" height="9.2" class="paper"/><path class="stroke" d="M-2 0H2"/></g>
<g id="s-crash"><path class="thick" d="M-5.5-5.5 5.5 5.5M5.5-5.5-5.5 5.5"/></g>
<g id="s-restart"><circle r="5" class="paper"/><path class="stroke" d="M0-2.8V2.8M-2.8 0H2.8"/></g>
<g id="s-link"><path class="stroke" d="M-5 2.5-1.6-.9M1.6.9 5-2.5M-2.4 3.6-.6 1.4M.6-1.4 2.4-3.6"/></g>
<g id="s-accuse"><path d="M-1.6-6.5h3.2L.9 1.6H-.9zM-1.3 3h2.6v2.6h-2.6z"/></g>
<g id="s-other"><path d="M0-5.5 1.6-1.6 5.5 0 1.6 1.6 0 5.5-1.6 1.6-5.5 0-1.6-1.6z"/></g>
<g id="s-lost"><path class="stroke" d="M0 0V8M-2.6 6.4 2.6 11.6M2.6 6.4-2.6 11.6"/></g>
<g id="s-tide"><path d="M-6 6V2H-1V-2H3V-5H6V6z"/></g>
<g id="s-sleep"><rect x="-6" y="-5" width="12" height="10" fill="url(#p-sleep)"/></g>
<g id="s-parted"><rect x="-6" y="-6" width="6" height="12" fill="url(#p-side0)"/><rect y="-6" width="6" height="12" fill="url(#p-side1)"/></g>
<g id="s-deaf"><rect x="-6" y="-1.5" width="12" height="3"/></g>
<g id="s-rendezvous"><rect x="-6" y="-3" width="12" height="6" fill="url(#p-away)"/></g>
<g id="s-line"><path class="stroke" d="M-6-4.5 6 4.5"/></g>`

export const PATTERNS = `
<pattern id="p-sleep" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="p-sleep" d="M0 3.5H7"/></pattern>
<pattern id="p-side0" width="9" height="9" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)"><path class="p-side0" d="M0 4.5H9"/></pattern>
<pattern id="p-side1" width="8" height="8" patternUnits="userSpaceOnUse"><circle class="p-side1" cx="4" cy="4" r="1.3"/></pattern>
<pattern id="p-away" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)"><path class="p-away" d="M0 3H6"/></pattern>
<pattern id="p-quiet" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="p-quiet" d="M0 3H6"/></pattern>`
